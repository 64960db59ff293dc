// Chats, kept in this browser's local storage. Knows nothing of the page or the server.

const KEY = "coder.chats";
const MOST = 100;

/** All chats, newest first: {id, title, messages: [{role, content, note?}]}. */
export function loadChats() {
  try {
    const chats = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(chats) ? chats : [];
  } catch {
    return [];
  }
}

/** Keeps `chats`; when the browser's storage is full, the oldest go. */
export function saveChats(chats) {
  const kept = chats.filter((chat) => chat.messages.length).slice(0, MOST);
  while (kept.length) {
    try {
      localStorage.setItem(KEY, JSON.stringify(kept));
      return;
    } catch {
      kept.pop();
    }
  }
  localStorage.removeItem(KEY);
}

export function newChat() {
  return { id: crypto.randomUUID?.() ?? String(Date.now()), title: "New chat", messages: [] };
}

/** A chat's title: the first line of its first question. */
export function titleOf(question) {
  const line = question.trim().split("\n", 1)[0];
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}
