"""What a model is worth on files that it was not trained on."""
