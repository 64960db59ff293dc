// Text to DOM. Nothing that the model writes can become anything but text, code, links and simple marks.

const TAGS = new Set(
  ("P BR HR H1 H2 H3 H4 H5 H6 UL OL LI BLOCKQUOTE PRE CODE SPAN EM STRONG S A TABLE THEAD TBODY TR TH TD").split(" "),
);

/** The server's HTML as nodes, copied through an allow-list of elements and attributes. */
export function safeNodes(html) {
  const fragment = document.createDocumentFragment();
  const parsed = new DOMParser().parseFromString(html, "text/html");
  fragment.append(...[...parsed.body.childNodes].map(copy).filter(Boolean));
  return fragment;
}

/** What shows while text still streams: paragraphs as they are, fenced code in a box. */
export function plainNodes(text) {
  const fragment = document.createDocumentFragment();
  text.split(/^[ ]{0,3}```/m).forEach((piece, index) => {
    if (index % 2) {
      const [language, ...lines] = piece.split("\n");
      fragment.append(codeBox(lines.join("\n"), language.trim()));
    } else if (piece.trim()) {
      const paragraph = document.createElement("p");
      paragraph.className = "plain";
      paragraph.textContent = piece.trim();
      fragment.append(paragraph);
    }
  });
  return fragment;
}

function codeBox(code, language) {
  const pre = document.createElement("pre");
  pre.dataset.language = language;
  const inner = document.createElement("code");
  inner.textContent = code;
  pre.append(inner);
  return pre;
}

/** Puts a bar with the language and a copy button over each code block in `element`. */
export function addCodeBars(element) {
  for (const pre of element.querySelectorAll("pre")) {
    const box = document.createElement("div");
    box.className = "code";
    const bar = document.createElement("div");
    bar.className = "bar";
    const language = document.createElement("span");
    language.textContent = pre.dataset.language || "text";
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet";
    button.textContent = "Copy";
    button.addEventListener("click", () => copyCode(pre, button));
    bar.append(language, button);
    pre.replaceWith(box);
    pre.tabIndex = 0;
    box.append(bar, pre);
  }
}

async function copyCode(pre, button) {
  const code = pre.querySelector("code").textContent;
  try {
    await navigator.clipboard.writeText(code);
  } catch {
    const range = document.createRange();
    range.selectNodeContents(pre);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    document.execCommand("copy");
  }
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = "Copy"), 1500);
}

function copy(node) {
  if (node.nodeType === Node.TEXT_NODE) return document.createTextNode(node.data);
  if (node.nodeType !== Node.ELEMENT_NODE) return null;
  if (!TAGS.has(node.tagName)) return document.createTextNode(node.textContent);
  const made = document.createElement(node.tagName);
  if (node.tagName === "A" && /^(https?:|mailto:)/i.test(node.getAttribute("href") ?? "")) {
    made.href = node.getAttribute("href");
    made.target = "_blank";
    made.rel = "noopener noreferrer";
  }
  if (node.tagName === "PRE") made.dataset.language = node.dataset.language ?? "";
  if (node.tagName === "SPAN") made.className = node.className;
  if (node.tagName === "OL" && node.start !== 1) made.start = node.start;
  made.append(...[...node.childNodes].map(copy).filter(Boolean));
  return made;
}
