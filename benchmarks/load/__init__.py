"""What many items take: processor time, memory and disk of the commands, each as a process of its own."""
