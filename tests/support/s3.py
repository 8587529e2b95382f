"""A real S3 protocol server with one bucket, and a shop that keeps its files there."""

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    from moto.moto_server.threaded_moto_server import ThreadedMotoServer  # heavy, and only here

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def bucket_settings(s3: str) -> dict[str, str]:
    """Return what a shop is told of the bucket."""
    return {
        "FILES_URL": "s3://goods/shop",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": s3,
    }


@pytest.fixture
def bucket(s3: str) -> Any:
    import boto3

    client = boto3.client(
        "s3", endpoint_url=s3, aws_access_key_id="a", aws_secret_access_key="b", region_name="us-east-1"
    )
    client.create_bucket(Bucket="goods")
    yield client
    versions = client.list_object_versions(Bucket="goods")
    for version in versions.get("Versions", []) + versions.get("DeleteMarkers", []):
        client.delete_object(Bucket="goods", Key=version["Key"], VersionId=version["VersionId"])
    client.delete_bucket(Bucket="goods")
    client.close()
