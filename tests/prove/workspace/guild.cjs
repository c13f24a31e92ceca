// A small app made with discord.js, used as its guide shows.
const {
  ActionRowBuilder, ButtonBuilder, ButtonStyle, Client, ContainerBuilder, GatewayIntentBits, LabelBuilder,
  MessageFlags, ModalBuilder, SlashCommandBuilder, TextInputBuilder, TextInputStyle,
} = require("discord.js");

const { DISCORD_API_BASE, DISCORD_BOT_TOKEN, DISCORD_GUILD } = process.env;
const client = new Client({ intents: [GatewayIntentBits.Guilds], rest: { api: DISCORD_API_BASE, version: "10" } });

const command = new SlashCommandBuilder().setName("rollback").setDescription("Ask for a rollback")
  .addStringOption((option) => option.setName("target").setDescription("What").setRequired(true).setAutocomplete(true))
  .addStringOption((option) => option.setName("reason").setDescription("Why"));

const card = (title) => new ContainerBuilder().setAccentColor(0x2eb67d)
  .addTextDisplayComponents((text) => text.setContent(`## ${title}`))
  .addSeparatorComponents((separator) => separator)
  .addActionRowComponents((row) => row.addComponents(
    new ButtonBuilder().setCustomId("approve").setLabel("Approve").setStyle(ButtonStyle.Success),
    new ButtonBuilder().setCustomId("reason").setLabel("Add reason").setStyle(ButtonStyle.Secondary),
  ));
const dialog = new ModalBuilder().setCustomId("why").setTitle("Add reason").addLabelComponents(
  new LabelBuilder().setLabel("What is broken?").setTextInputComponent(
    new TextInputBuilder().setCustomId("words").setStyle(TextInputStyle.Paragraph).setMaxLength(20),
  ),
);
const asCard = (title) => ({ content: null, components: [card(title)], flags: MessageFlags.IsComponentsV2 });

async function ask(interaction) {
  await interaction.deferReply({ flags: MessageFlags.Ephemeral });
  const said = await interaction.channel.send(`asked: ${interaction.options.getString("target")}`);
  const edited = await said.edit(asCard("Roll back?"));
  const thread = await edited.startThread({ name: "Rollback", autoArchiveDuration: 1440 });
  await thread.send("said in the thread");
  await interaction.editReply("taken");
  await interaction.followUp({ content: "and more", flags: MessageFlags.Ephemeral });
}

client.on("interactionCreate", async (interaction) => {
  if (interaction.isAutocomplete()) {
    const typed = interaction.options.getFocused();
    const known = ["backend", "frontend"].filter((name) => name.startsWith(typed));
    await interaction.respond(known.map((name) => ({ name, value: name })));
  } else if (interaction.isChatInputCommand()) {
    await ask(interaction);
  } else if (interaction.isButton() && interaction.customId === "approve") {
    await interaction.update(asCard(`Approved by ${interaction.user.username}`));
  } else if (interaction.isButton()) {
    await interaction.showModal(dialog);
  } else if (interaction.isModalSubmit()) {
    const words = interaction.fields.getTextInputValue("words");
    await interaction.reply({ content: `saved: ${words}`, flags: MessageFlags.Ephemeral });
  }
});
client.on("shardResume", () => console.log("resumed"));
client.on("error", console.error);
client.once("clientReady", async () => {
  const guild = await client.guilds.fetch(DISCORD_GUILD);
  await guild.commands.set([command]);
  console.log("ready");
});
client.login(DISCORD_BOT_TOKEN);
