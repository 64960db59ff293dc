"""Is the file the model? Tokens, argmax and head outputs of llama.cpp beside torch's, on real code."""
