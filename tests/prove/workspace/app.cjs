// A small app made with Slack's own client for JavaScript, used as its documentation shows.
const { App } = require("@slack/bolt");

const { SLACK_API_BASE, SLACK_APP_TOKEN, SLACK_BOT_TOKEN } = process.env;
const app = new App({
  token: SLACK_BOT_TOKEN,
  appToken: SLACK_APP_TOKEN,
  socketMode: true,
  clientOptions: { slackApiUrl: SLACK_API_BASE },
});

const plain = (text) => ({ type: "plain_text", text });
const card = (label) => [
  { type: "header", text: plain("Roll back backend?") },
  { type: "actions", elements: [{ type: "button", action_id: "decide", text: plain(label) }] },
];

app.command("/rollback", async ({ command, ack, respond, client }) => {
  await ack("taken");
  await client.chat.postMessage({
    channel: command.channel_id,
    text: `asked by <@${command.user_id}>: ${command.text}`,
    blocks: card("Decide"),
  });
  await respond({ response_type: "ephemeral", text: "answered at the response_url" });
});

app.action("decide", async ({ body, ack, client, respond }) => {
  await ack();
  await client.views.open({
    trigger_id: body.trigger_id,
    view: {
      type: "modal",
      callback_id: "why",
      title: plain("Why"),
      submit: plain("Save"),
      private_metadata: JSON.stringify({ channel: body.channel.id, ts: body.message.ts }),
      blocks: [{
        type: "input",
        block_id: "words",
        label: plain("What is broken?"),
        element: { type: "plain_text_input", action_id: "text" },
      }],
    },
  });
  await respond({ replace_original: true, text: "replaced at the response_url", blocks: card("Decide") });
});

app.view("why", async ({ ack, view, client }) => {
  const words = view.state.values.words.text.value;
  if (words === "no") {
    await ack({ response_action: "errors", errors: { words: "Please say more." } });
    return;
  }
  await ack();
  const { channel, ts } = JSON.parse(view.private_metadata);
  await client.chat.update({ channel, ts, text: `updated: ${words}`, blocks: [] });
  await client.chat.postMessage({ channel, thread_ts: ts, text: "said in the thread" });
});

app.message("hello", async ({ message, say }) => {
  await say({ text: `heard <@${message.user}>`, thread_ts: message.ts });
});

app.start().then(() => console.log("ready"));
