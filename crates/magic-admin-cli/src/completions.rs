use clap::Args;
use clap_complete::Shell;
use serde_json::json;

use crate::{failure::Failure, output::Output};

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct Completions {
    /// The shell to generate the script for.
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self, command: clap::Command, output: &mut Output) -> Result<(), Failure> {
        let script = match self.shell {
            Shell::Bash => for_bash(command),
            shell => generate(shell, command, "magic-admin"),
        };
        if output.is_json() {
            return output.json(&json!({ "shell": self.shell.to_string(), "script": script }));
        }
        output.text(&script.trim_end())
    }
}

/// Generates the script under a name without a hyphen, and registers it for the real name.
///
/// With a hyphen in the name, the two halves of `clap_complete`'s script spell their states differently, so
/// only the first word is completed (clap-rs/clap#6421, clap-rs/clap#6529).
fn for_bash(command: clap::Command) -> String {
    generate(Shell::Bash, command, "magic_admin").replace(" magic_admin\n", " magic-admin\n")
}

fn generate(shell: Shell, mut command: clap::Command, name: &str) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

const HELP: &str = "\
Examples:
  magic-admin completions bash > ~/.local/share/bash-completion/completions/magic-admin
  magic-admin completions zsh > ~/.zfunc/_magic-admin
  magic-admin completions fish > ~/.config/fish/completions/magic-admin.fish";
