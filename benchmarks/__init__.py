"""Speed and cost, each as a ratio measured side by side in one run; and what the embedded model can do."""
