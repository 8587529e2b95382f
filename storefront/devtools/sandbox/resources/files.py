"""Files over the API: uploaded as a form of several parts, and read. Their bytes are not kept."""

from stripe.params import FileCreateParams, FileListParams, FileRetrieveParams

from storefront.devtools.sandbox.api.errors import invalid, unsupported
from storefront.devtools.sandbox.api.form_encoding import SentFile
from storefront.devtools.sandbox.api.lists import list_answer, list_records
from storefront.devtools.sandbox.api.routes import Call, route
from storefront.devtools.sandbox.ids import new_id
from storefront.devtools.sandbox.payments.evidence_files import MOST_BYTES, PURPOSE, kind_of
from storefront.devtools.sandbox.storage.records import Json


@route("POST /v1/files", FileCreateParams, unsupported=("file_link_data",))
def create_file(call: Call) -> Json:
    file = call.params["file"]
    if call.params["purpose"] != PURPOSE:
        raise unsupported([f"purpose={call.params['purpose']}"])
    if not isinstance(file, SentFile):
        raise invalid("Invalid file: send it as multipart/form-data.", param="file", is_stored=False)
    if len(file.content) > MOST_BYTES:
        raise invalid("File is too large: evidence has at most 5 MB.", param="file")
    file_id = new_id("file_1")
    body: Json = {
        "id": file_id,
        "object": "file",
        "created": call.work.now,
        "expires_at": None,
        "filename": file.filename or None,
        "links": list_answer([], f"/v1/file_links?file={file_id}"),
        "purpose": PURPOSE,
        "size": len(file.content),
        "title": None,
        "type": kind_of(file.content),
        "url": None,
    }
    call.work.records.add(body)
    return body


@route("GET /v1/files/{id}", FileRetrieveParams)
def retrieve_file(call: Call) -> Json:
    return call.get("file", param="file").body


@route("GET /v1/files", FileListParams)
def list_files(call: Call) -> Json:
    return list_records(call, "file", "/v1/files", filters=("purpose",))
