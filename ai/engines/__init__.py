"""What is asked of a language model, and how its answer is read: an engine a module, each with `ask` and `read`.

`ask` is given masked texts and makes a question; whoever calls sends it, and gives `read` the validated answer with a
way to unmask it. Nothing here sends anything, and what works without a key is in `ai.local`.
"""
