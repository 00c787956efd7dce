"""The Slack door: words, presses and forms in; cards and forms out. Only this folder knows Slack's SDK."""
