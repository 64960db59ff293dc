// What an answer's stream said about itself: text, speed, token counts, what did not fit.

export class Progress {
  #first = 0;
  #last = 0;
  #usage = null;
  #context = null;
  #cut = false;

  /** Reads one event of the stream; returns the text in it. */
  take(event) {
    if (event.coder) this.#context = event.coder.context;
    if (event.usage) this.#usage = event.usage;
    const choice = event.choices[0];
    if (choice?.finish_reason === "length") this.#cut = true;
    const text = choice?.delta?.content ?? "";
    if (text) {
      this.#last = performance.now();
      this.#first ||= this.#last;
    }
    return text;
  }

  /** One line for under the answer. */
  note(stopped) {
    const notes = this.#usage ? this.#counts() : [];
    const dropped = this.#context?.dropped.length;
    if (dropped) notes.push(`the oldest ${dropped} messages did not fit the window`);
    if (this.#cut) notes.push("reached the length limit");
    if (stopped) notes.push("stopped");
    return notes.join(" · ");
  }

  #counts() {
    const { prompt_tokens, completion_tokens, prompt_tokens_details } = this.#usage;
    const seconds = (this.#last - this.#first) / 1000;
    const speed = seconds > 0 ? [`${((completion_tokens - 1) / seconds).toFixed(1)} tokens/s`] : [];
    const cached = prompt_tokens_details?.cached_tokens;
    const prompt = `prompt ${prompt_tokens}${cached ? ` (${cached} cached)` : ""}`;
    return [`${completion_tokens} tokens`, ...speed, prompt];
  }
}
