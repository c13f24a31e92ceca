"""The use cases, one verb per file, and the durable execution that carries them out.

propose -> plan -> decide -> claim -> execute (step by step) -> verify -> settle, resolve
announce says what people must see, deliver shows it, sweep does what only time brings about.
"""
