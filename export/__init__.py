"""From a trained checkpoint to one GGUF file: merged, quantised, with heads, and proven equal. Floor 4."""
