"""What the product asks of models: from who asks, over credits, masks and routes, to an answer that is paid for once.

`terms` reads what the workspace decided, a `Call` asks one question, `engines` are the questions of the product, and
`copilot` streams replies. The words that are said to models, and what comes back, are in `ai.engines`.
"""
