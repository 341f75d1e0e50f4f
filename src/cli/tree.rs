//! The tree of commands and flags.

use std::time::Duration;

use clap::builder::FalseyValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};

use super::{Shell, duration};

/// Video recording with Kerberos.io: installed, proven, watched.
#[derive(Debug, Parser)]
#[command(name = "kerbup", bin_name = "kerbup", version, disable_help_subcommand = true, infer_long_args = false)]
#[command(before_help = "Examples:
  kerbup           step by step; nothing is changed before you say so
  kerbup check     can this machine do it?
  kerbup install --answers site.toml --yes
  kerbup status    how is it?
")]
#[command(after_help = "Exit codes: 0 done, 1 failed, 2 bad usage or answers, 3 a check blocks, 4 warnings under --strict,
5 needs root, 6 network, 7 integrity, 8 stopped part-way and can be resumed, 130 or 143 ended by a signal.")]
pub struct Cli {
    /// Flags of every command.
    #[command(flatten)]
    pub globals: Globals,
    /// What to do; nothing starts the wizard.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// How to show things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// Full screen.
    Tty,
    /// Line by line: for pipes, bad lines and screen readers.
    Plain,
    /// JSON on stdout.
    Json,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// When a camera records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RecordWhen {
    /// On movement.
    Motion,
    /// Always.
    Always,
}

/// Flags of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Flags of every command")]
pub struct Globals {
    /// Answers that another user handed on; read once and removed
    #[arg(long, global = true, hide = true, env = "KERBUP_HANDOVER", value_name = "FILE", hide_env_values = true)]
    pub handover: Option<String>,
    /// How to show things: on a terminal the full screen, else plain lines
    #[arg(long, global = true, env = "KERBUP_OUTPUT", value_enum, hide_env_values = true)]
    pub output: Option<Output>,
    /// A site file with answers; may be given several times, later ones win
    #[arg(long, global = true, env = "KERBUP_ANSWERS", value_name = "FILE", hide_env_values = true)]
    pub answers: Vec<String>,
    /// One answer, such as storage.path=/srv/kerberos; may be given several times
    #[arg(long = "set", global = true, env = "KERBUP_SET", value_name = "KEY=VALUE", hide_env_values = true)]
    pub sets: Vec<String>,
    /// Do it without asking
    #[arg(long, short = 'y', global = true, env = "KERBUP_YES", value_parser = FalseyValueParser::new(), hide_env_values = true)]
    pub yes: bool,
    /// Take warnings for failures (exit code 4)
    #[arg(long, global = true, env = "KERBUP_STRICT", value_parser = FalseyValueParser::new(), hide_env_values = true)]
    pub strict: bool,
    /// The site to speak of, where there are several
    #[arg(long, global = true, env = "KERBUP_SITE", value_name = "NAME", hide_env_values = true)]
    pub site: Option<String>,
    /// Recipes from this folder instead of those inside the program
    #[arg(long, global = true, env = "KERBUP_RECIPES", value_name = "DIR", hide_env_values = true)]
    pub recipes: Option<String>,
    /// Folder for what kerbup remembers
    #[arg(long, global = true, env = "KERBUP_STATE", value_name = "DIR", hide_env_values = true)]
    pub state: Option<String>,
    /// When to use colour
    #[arg(long, global = true, env = "KERBUP_COLOR", value_enum, default_value_t = Color::Auto, hide_env_values = true)]
    pub color: Color,
    /// No letters, lines and signs beyond ASCII
    #[arg(long, global = true, env = "KERBUP_ASCII", value_parser = FalseyValueParser::new(), hide_env_values = true)]
    pub ascii: bool,
    /// Try everything on a machine that is only described: nothing is changed. A world by name, or a saved `check --output json`
    #[arg(
        long,
        global = true,
        env = "KERBUP_PRACTICE",
        value_name = "WORLD",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "",
        hide_env_values = true
    )]
    pub practice: Option<String>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Look at this machine; changes nothing
    #[command(before_help = "Examples:
  kerbup check
  kerbup check --output json > report.json
")]
    Check,
    /// Show every step that install would do; changes nothing
    #[command(before_help = "Examples:
  kerbup plan --answers site.toml
  kerbup plan --set storage.path=/srv/kerberos --output json
")]
    Plan,
    /// Install, or go on where an install was cut short
    #[command(before_help = "Examples:
  kerbup install --answers site.toml --yes
  kerbup install --answers site.toml --yes --wait-recording=4m
")]
    Install {
        /// Be done only when every camera that answers has recorded, at most so long
        #[arg(
            long,
            env = "KERBUP_WAIT_RECORDING",
            value_name = "TIME",
            num_args = 0..=1,
            default_missing_value = "4m",
            value_parser = duration,
            hide_env_values = true
        )]
        wait_recording: Option<Duration>,
    },
    /// Change the answers of a site that stands
    #[command(before_help = "Examples:
  kerbup change
  kerbup change --set storage.retention_days=14 --yes
")]
    Change,
    /// Show how it is: parts, cameras, disk
    #[command(before_help = "Examples:
  kerbup status
  kerbup status --output json
  kerbup status --watch --output plain
")]
    Status {
        /// Go on showing it
        #[arg(long, env = "KERBUP_WATCH", value_parser = FalseyValueParser::new(), hide_env_values = true)]
        watch: bool,
    },
    /// Show the log of a part or of a camera's recorder, without passwords
    #[command(before_help = "Examples:
  kerbup logs vault
  kerbup logs front-door --follow
  kerbup logs mongodb --tail 20
")]
    Logs {
        /// A part by its product, such as vault, or a camera by its name
        name: String,
        /// Go on as lines come
        #[arg(long, short = 'f', env = "KERBUP_FOLLOW", value_parser = FalseyValueParser::new(), hide_env_values = true)]
        follow: bool,
        /// So many of the last lines
        #[arg(long, env = "KERBUP_TAIL", value_name = "N", default_value_t = 100, hide_env_values = true)]
        tail: u32,
    },
    /// Show the passwords, or one of them
    #[command(before_help = "Examples:
  kerbup passwords
  kerbup passwords vault.password
  kerbup passwords vault.password --new
")]
    Passwords {
        /// One by its name
        name: Option<String>,
        /// Make a new one and use it
        #[arg(long, requires = "name", env = "KERBUP_NEW", value_parser = FalseyValueParser::new(), hide_env_values = true)]
        new: bool,
    },
    /// Start a site that was stopped
    #[command(before_help = "Examples:
  kerbup start
  kerbup start --site shop-12
")]
    Start,
    /// Stop a site; recordings stay, and it stays stopped until started
    #[command(before_help = "Examples:
  kerbup stop
  kerbup stop --site shop-12 --yes
")]
    Stop,
    /// Try, list, add, change or remove cameras
    #[command(before_help = "Examples:
  kerbup cameras list
  kerbup cameras test
  kerbup cameras add front-door rtsp://192.0.2.10/stream --user viewer
")]
    Cameras {
        /// What to do
        #[command(subcommand)]
        command: Cameras,
    },
    /// List the sites on this machine
    #[command(before_help = "Examples:
  kerbup sites
  kerbup sites --output json
")]
    Sites,
    /// Remove a site; what was there before stays, and so do the recordings
    #[command(before_help = "Examples:
  kerbup uninstall
  kerbup uninstall --site shop-12 --yes
  kerbup uninstall --purge-data shop-12 --yes
")]
    Uninstall {
        /// Delete the recordings as well; the site's name says that you mean it
        #[arg(long, env = "KERBUP_PURGE_DATA", value_name = "SITE", hide_env_values = true)]
        purge_data: Option<String>,
        /// Remove Docker as well, if kerbup installed it and nothing else uses it
        #[arg(long, env = "KERBUP_WITH_ENGINE", value_parser = FalseyValueParser::new(), hide_env_values = true)]
        with_engine: bool,
    },
    /// Print the completions of a shell
    #[command(before_help = "Examples:
  kerbup completions bash > /etc/bash_completion.d/kerbup
  kerbup completions zsh > ~/.zfunc/_kerbup
")]
    Completions {
        /// Shell
        shell: Shell,
    },
    /// Print the manual page
    #[command(before_help = "Examples:
  kerbup man > kerbup.1
")]
    Man,
    /// Look after a site: run by its timer, not by people
    #[command(
        hide = true,
        before_help = "Examples:
  kerbup guard --site shop-12
"
    )]
    Guard,
    /// Start what waits for its disk: run when the machine starts, not by people
    #[command(
        hide = true,
        before_help = "Examples:
  kerbup await --site shop-12
"
    )]
    Await,
    /// Go on with work that was cut off: run when the machine starts, not by people
    #[command(
        hide = true,
        before_help = "Examples:
  kerbup resume --site shop-12
"
    )]
    Resume,
}

/// Work on cameras.
#[derive(Debug, Subcommand)]
pub enum Cameras {
    /// Ask each camera for its picture
    #[command(before_help = "Examples:
  kerbup cameras test
  kerbup cameras test front-door --output json
")]
    Test {
        /// Only these
        names: Vec<String>,
    },
    /// List the cameras of a site
    #[command(before_help = "Examples:
  kerbup cameras list
")]
    List,
    /// Add a camera to a site that stands
    #[command(before_help = "Examples:
  kerbup cameras add front-door rtsp://192.0.2.10/stream
  kerbup cameras add yard rtsp://192.0.2.11/ --user viewer --record always
")]
    Add {
        /// Its name: lower case letters, digits, hyphens
        name: String,
        /// Its address
        url: String,
        /// What may be said of it
        #[command(flatten)]
        more: CameraFlags,
    },
    /// Change a camera
    #[command(before_help = "Examples:
  kerbup cameras change yard --record motion
  kerbup cameras change yard --url rtsp://192.0.2.12/stream
")]
    Change {
        /// Its name
        name: String,
        /// Its new address
        #[arg(long, env = "KERBUP_URL", value_name = "URL", hide_env_values = true)]
        url: Option<String>,
        /// What may be said of it
        #[command(flatten)]
        more: CameraFlags,
    },
    /// Remove a camera; its recordings stay
    #[command(before_help = "Examples:
  kerbup cameras remove yard
  kerbup cameras remove yard --yes
")]
    Remove {
        /// Its name
        name: String,
    },
}

/// What may be said of a camera. There is no flag for the password itself: other users of the machine can see flags.
#[derive(Debug, Clone, Args)]
pub struct CameraFlags {
    /// A second, smaller stream
    #[arg(long, env = "KERBUP_SUB_URL", value_name = "URL", hide_env_values = true)]
    pub sub_url: Option<String>,
    /// User of its login
    #[arg(long, env = "KERBUP_USER", value_name = "NAME", hide_env_values = true)]
    pub user: Option<String>,
    /// A file with the password of its login
    #[arg(long, env = "KERBUP_PASSWORD_FILE", value_name = "FILE", hide_env_values = true)]
    pub password_file: Option<String>,
    /// When it records
    #[arg(long, env = "KERBUP_RECORD", value_enum, hide_env_values = true)]
    pub record: Option<RecordWhen>,
}
