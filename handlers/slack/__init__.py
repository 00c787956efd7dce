"""The Slack door: words, presses and forms in; cards and forms out. The only folder that knows Slack's SDK."""
