// Calls of the sandbox's API from its own frames; hashes are written the way forms write them.

const flat = (fields, name = "") =>
  Object.entries(fields).flatMap(([member, value]) => {
    const full = name ? `${name}[${member}]` : member;
    if (value === null || value === undefined) return [];
    return typeof value === "object" ? flat(value, full) : [[full, String(value)]];
  });

const NO_ANSWER = "The network did not answer. Nothing is lost: try again.";

// Returns {body}, or {error} with the API's words and its status; without any answer the status is 0.
export const call = async (method, path, fields) => {
  const form = new URLSearchParams(flat(fields));
  const isRead = method === "GET";
  try {
    const answer = await fetch(isRead ? `${path}?${form}` : path, isRead ? {} : { method, body: form });
    const body = await answer.json();
    return answer.ok ? { body } : { error: { ...body.error, status: answer.status } };
  } catch {
    return { error: { message: NO_ANSWER, status: 0 } };
  }
};
