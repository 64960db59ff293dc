// The chat page: what is on the screen, and what happens on a key or a click.

import { renderMarkdown, streamChat, useKey } from "./api.js";
import { addCodeBars, plainNodes, safeNodes } from "./markdown.js";
import { watchModel } from "./model.js";
import { Progress } from "./progress.js";
import { loadChats, newChat, saveChats, titleOf } from "./store.js";

const at = (id) => document.getElementById(id);
const [list, question, send, stop, notice] = ["messages", "question", "send", "stop", "notice"].map(at);

let chats = loadChats();
let chat = newChat();
let running = null; // the AbortController of the answer that is being written
let ready = false;

const EXAMPLES = [
  "Write a Python function that merges two sorted lists.",
  "How do I read a file line by line in Go?",
  "Explain pattern matching in Elixir with an example.",
];

// ---- chats ----

function openChat(next) {
  running?.abort();
  chat = next;
  list.replaceChildren(...chat.messages.map(showMessage));
  if (!chat.messages.length) showWelcome();
  say("");
  showChats();
  showSidebar(false);
  scrollToEnd(true);
  question.focus();
}

function keepChat() {
  chats = [chat, ...chats.filter((other) => other.id !== chat.id)];
  keepChats();
}

function keepChats() {
  saveChats(chats);
  showChats();
}

function showChats() {
  at("chats").replaceChildren(...chats.filter((each) => each.messages.length).map(chatEntry));
}

function chatEntry(each) {
  const entry = document.createElement("li");
  const open = button(each.title, "entry", () => openChat(each));
  if (each.id === chat.id) open.setAttribute("aria-current", "true");
  const forget = button("×", "quiet forget", () => forgetChat(each));
  forget.setAttribute("aria-label", `Delete the chat: ${each.title}`);
  entry.append(open, forget);
  return entry;
}

function forgetChat(each) {
  chats = chats.filter((other) => other.id !== each.id);
  saveChats(chats);
  if (each.id === chat.id) openChat(newChat());
  else showChats();
}

function showWelcome() {
  const welcome = document.createElement("div");
  welcome.className = "welcome";
  const title = document.createElement("h1");
  title.textContent = "What are you working on?";
  const examples = document.createElement("div");
  examples.className = "examples";
  examples.append(...EXAMPLES.map((text) => button(text, "example", () => fillIn(text))));
  welcome.append(title, examples);
  list.replaceChildren(welcome);
}

function fillIn(text) {
  question.value = text;
  fitQuestion();
  question.focus();
}

// ---- messages ----

function showMessage(message) {
  const article = document.createElement("article");
  article.className = `message ${message.role}`;
  article.setAttribute("aria-label", message.role === "user" ? "You" : "Coder");
  const body = document.createElement("div");
  body.className = "body prose";
  if (message.role === "user") body.textContent = message.content;
  else if (message.content) showFinished(body, message.content);
  const note = document.createElement("footer");
  note.textContent = message.note ?? "";
  article.append(body, note);
  return article;
}

async function showFinished(body, text) {
  body.replaceChildren(plainNodes(text));
  addCodeBars(body);
  try {
    const nodes = safeNodes(await renderMarkdown(text));
    body.replaceChildren(nodes);
    addCodeBars(body);
    scrollToEnd();
  } catch {
    // The plain text stays; it says the same.
  }
}

// ---- asking ----

async function ask(text) {
  const target = chat;
  if (!target.messages.length) {
    target.title = titleOf(text);
    list.replaceChildren();
  }
  target.messages.push({ role: "user", content: text });
  list.append(showMessage(target.messages.at(-1)));
  keepChat();
  const answer = { role: "assistant", content: "", note: "" };
  const article = showMessage(answer);
  article.classList.add("writing");
  list.append(article);
  scrollToEnd(true);
  await write(target, answer, article);
}

async function write(target, answer, article) {
  const body = article.querySelector(".body");
  const controller = new AbortController();
  running = controller;
  updateButtons();
  const progress = new Progress();
  let painted = false;
  const paint = () => {
    painted = false;
    if (!article.classList.contains("writing")) return;
    body.replaceChildren(plainNodes(answer.content));
    scrollToEnd();
  };
  let failure = null;
  try {
    const history = target.messages.filter((m) => m.content).map(({ role, content }) => ({ role, content }));
    await streamChat(history, controller.signal, (event) => {
      answer.content += progress.take(event);
      if (!painted) painted = Boolean(requestAnimationFrame(paint));
    });
  } catch (error) {
    failure = error;
  }
  article.classList.remove("writing");
  answer.note = progress.note(controller.signal.aborted);
  article.querySelector("footer").textContent = answer.note;
  if (running === controller) running = null;
  if (answer.content) {
    target.messages.push(answer);
    showFinished(body, answer.content);
  } else if (failure) takeBack(target, article);
  if (failure && !controller.signal.aborted) showFailure(failure);
  if (chats.some((each) => each.id === target.id)) keepChats();
  updateButtons();
}

/** Nothing was answered: the question goes back into its field, and the chat is as it was. */
function takeBack(target, article) {
  const asked = target.messages.pop();
  article.previousElementSibling?.remove();
  article.remove();
  if (target !== chat) return;
  if (!question.value) fillIn(asked.content);
  if (!target.messages.length) showWelcome();
}

function showFailure(error) {
  if (error.status === 401) {
    at("key-dialog").showModal();
    say("The server needs an API key.");
  } else {
    const message = error.status ? error.message : "the server does not answer; is it still running?";
    say(message[0].toUpperCase() + message.slice(1));
  }
}

// ---- controls ----

function say(message) {
  notice.textContent = message;
  notice.hidden = !message;
}

function updateButtons() {
  send.hidden = running !== null;
  stop.hidden = running === null;
  send.disabled = !ready || !question.value.trim();
}

function fitQuestion() {
  question.style.height = "auto";
  question.style.height = `${Math.min(question.scrollHeight, 240)}px`;
  updateButtons();
}

function scrollToEnd(always = false) {
  const distance = list.scrollHeight - list.scrollTop - list.clientHeight;
  if (always || distance < 120) list.scrollTop = list.scrollHeight;
}

function showSidebar(open) {
  document.body.classList.toggle("menu-open", open);
  at("menu").setAttribute("aria-expanded", String(open));
}

function button(text, className, onClick) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = className;
  made.textContent = text;
  made.addEventListener("click", onClick);
  return made;
}

function submit() {
  const text = question.value.trim();
  if (!text || running || !ready) return;
  say("");
  question.value = "";
  fitQuestion();
  ask(text);
}

at("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
question.addEventListener("input", fitQuestion);
question.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    submit();
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  running?.abort();
  showSidebar(false);
});
stop.addEventListener("click", () => running?.abort());
at("new-chat").addEventListener("click", () => openChat(newChat()));
at("menu").addEventListener("click", () => showSidebar(!document.body.classList.contains("menu-open")));
// Not at "close", which comes a moment after the dialog is gone: a question sent in between would go without the key.
at("key-dialog").addEventListener("submit", () => {
  useKey(at("key").value.trim());
  say("");
});

openChat(chat);
watchModel(() => {
  ready = true;
  updateButtons();
});
