// Starts `parcours lsp` and lets VS Code talk to it. Everything else is the server's.
const vscode = require("vscode");
const { LanguageClient, TransportKind } = require("vscode-languageclient/node");

let client;

/** The files that the server knows something about. */
const selector = [
  { scheme: "file", language: "yaml", pattern: "**/{journeys,config,templates}/**" },
  { scheme: "file", pattern: "**/templates/**/*.{mjml,html,txt,yaml}" },
];

function start() {
  const settings = vscode.workspace.getConfiguration("parcours");
  const server = {
    command: settings.get("command"),
    args: ["lsp"],
    transport: TransportKind.stdio,
  };
  const docs = settings.get("docs");
  client = new LanguageClient("parcours", "Parcours", server, {
    documentSelector: selector,
    initializationOptions: docs ? { docs } : {},
  });
  return client.start();
}

async function activate(context) {
  const restart = async () => {
    await client?.dispose();
    await start();
  };
  context.subscriptions.push(
    vscode.commands.registerCommand("parcours.restart", restart),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("parcours")) restart();
    }),
  );
  await start();
}

function deactivate() {
  return client?.stop();
}

module.exports = { activate, deactivate };
