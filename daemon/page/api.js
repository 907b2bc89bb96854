// Requests to the service. The session is a cookie that scripts cannot read; the header below shows that a request comes from this page.

export class Failure extends Error {
  constructor(message, status, document = {}) {
    super(message);
    this.status = status;
    // The task that failed, where there is one.
    this.task = document.task;
  }
}

let whenSignedOut = () => {};

// What is done when the service no longer knows who this is.
export function onSignedOut(listener) {
  whenSignedOut = listener;
}

async function request(method, path, body, headers = {}) {
  const options = { method, credentials: "same-origin", cache: "no-store", headers: { Accept: "application/json", ...headers } };
  if (method !== "GET") {
    options.headers["Content-Type"] = "application/json";
    options.headers["X-Requested-By"] = "clusterhat";
    options.body = JSON.stringify(body ?? {});
  }
  let response;
  try {
    response = await fetch(`api/v1/${path}`, options);
  } catch {
    throw new Failure("the service is not reachable", 0);
  }
  const document = response.status === 204 ? {} : await response.json().catch(() => ({}));
  if (!response.ok) {
    const isOut = response.status === 401 || document.error?.kind === "password-change-required";
    if (isOut && path !== "session") whenSignedOut(response.status === 401 ? "" : document.error.message);
    throw new Failure(document.error?.message ?? `the service answered ${response.status}`, response.status, document);
  }
  return document;
}

export const get = (path) => request("GET", path);
export const post = (path, body, headers) => request("POST", path, body, headers);
export const remove = (path) => request("DELETE", path);

// Asked twice by accident, it is done once.
export const power = (action, nodes, more = {}) =>
  post("power", { action, nodes, ...more }, { "Idempotency-Key": crypto.randomUUID() });
