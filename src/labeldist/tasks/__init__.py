"""Tasks as folders of small files, and the reader that makes a :class:`~labeldist.core.task.Task` of one. Floor 1."""
