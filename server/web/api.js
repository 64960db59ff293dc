// The server's API as this page uses it. Knows HTTP; knows nothing of the page.

let key = sessionStorage.getItem("coder.key") ?? "";

export class ApiError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

export function useKey(value) {
  key = value;
  sessionStorage.setItem("coder.key", value);
}

/** The loaded model, or null while it loads. */
export async function loadedModel() {
  const response = await fetch("/health");
  const body = await response.json();
  if (body.status === "error") throw new ApiError(body.message, response.status);
  return body.status === "ok" ? body.model : null;
}

/** The safe HTML of a finished message. */
export async function renderMarkdown(text) {
  const response = await post("/v1/coder/render", { text });
  return (await response.json()).html;
}

/** Streams an answer: `onEvent` gets each event of the stream. Ends when the stream ends or `signal` aborts. */
export async function streamChat(messages, signal, onEvent) {
  const body = { model: "coder", messages, stream: true, stream_options: { include_usage: true } };
  const response = await post("/v1/chat/completions", body, signal);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let pending = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const events = (pending + value).split("\n\n");
    pending = events.pop();
    for (const event of events) {
      const data = event.replace(/^data: /, "");
      if (data === "[DONE]") return;
      const parsed = JSON.parse(data);
      if (parsed.error) throw new ApiError(parsed.error.message, 500);
      onEvent(parsed);
    }
  }
}

async function post(path, body, signal) {
  const headers = { "content-type": "application/json" };
  if (key) headers.authorization = `Bearer ${key}`;
  const response = await fetch(path, { method: "POST", headers, body: JSON.stringify(body), signal });
  if (response.ok) return response;
  const answer = await response.json().catch(() => null);
  throw new ApiError(answer?.error?.message ?? `the server answered ${response.status}`, response.status);
}
