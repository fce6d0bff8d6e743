use clap::Args;
use clap_complete::Shell;
use serde_json::json;

use crate::{failure::Failure, output::Output};

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct Completions {
    /// The shell that is to complete commands.
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(
        self,
        mut command: clap::Command,
        output: &mut Output,
    ) -> Result<(), Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, "magic-admin", &mut script);
        let script = String::from_utf8_lossy(&script);
        if output.is_json() {
            return output.json(&json!({ "shell": self.shell.to_string(), "script": script }));
        }
        output.text(&script.trim_end())
    }
}

const HELP: &str = "\
Examples:
  magic-admin completions bash > ~/.local/share/bash-completion/completions/magic-admin
  magic-admin completions zsh > ~/.zfunc/_magic-admin
  magic-admin completions fish > ~/.config/fish/completions/magic-admin.fish";
