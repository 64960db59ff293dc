// The line at the top: which model answers, or why none does yet.

import { loadedModel } from "./api.js";

const at = (id) => document.getElementById(id);

/** Asks until the model is loaded, shows it, and calls `onReady`. */
export async function watchModel(onReady) {
  try {
    const model = await loadedModel();
    if (model) {
      show(model);
      return onReady();
    }
    at("model-name").textContent = "The model is loading…";
  } catch (error) {
    at("model-dot").dataset.state = "error";
    at("model-name").textContent = error.status ? error.message : "The server does not answer";
  }
  return setTimeout(() => watchModel(onReady), 1000);
}

function show(model) {
  at("model-dot").dataset.state = "ready";
  at("model-name").textContent = model.title;
  const facts = [
    model.parameters && `${count(model.parameters)} parameters`,
    model.quantization,
    `window of ${model.context_length.toLocaleString("en")} tokens`,
  ];
  at("model-facts").textContent = facts.filter(Boolean).join(" · ");
}

function count(number) {
  const [size, unit] = number >= 1e9 ? [1e9, "B"] : number >= 1e6 ? [1e6, "M"] : [1, ""];
  return `${Number((number / size).toPrecision(3))}${unit}`;
}
