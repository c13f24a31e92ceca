"""Discord: the only place that speaks its language.

text       words from outside, made harmless and short
tickets    what a button carries, within a hundred characters
components a message as components, and its sentence for phones
dialogs    a dialog as a modal, and what was typed into it
discreet   what goes to the log
requests   requests that go on although nobody waits for them any more
replies    answers to interactions, which nothing holds back
guild      the way into one server: settings, calls with their permissions
refusals   what Discord's error codes mean, as sentences
threads    the channel of a message: a thread under a notice, or somebody's direct messages
lost       what was posted although nobody heard so
client     posts, edits, finds and links messages
directory  who somebody is
commands   the slash commands, as Discord registers them
payloads   what Discord delivers, as invocations
reception  asks the desk and answers within three seconds
signins    how often we sign in, and what is left of the day
gateway    the connection over which Discord delivers
"""
