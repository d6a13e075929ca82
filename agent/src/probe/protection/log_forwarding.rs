//! Whether the loggers send records to another machine. Source of the formats: rsyslog.conf(5) and the
//! documentation of rsyslog's actions, the *Administration Guide* of syslog-ng.

use std::collections::BTreeSet;

use crate::probe::text;

/// What a file of rsyslog says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Rsyslog {
    /// Whether it sends records away.
    pub forwards: bool,
    /// Patterns of the files it includes.
    pub includes: Vec<String>,
}

/// Actions of rsyslog that go to another machine when they have a target.
const ACTIONS: &[&str] = &[
    "omamqp1",
    "omazureeventhubs",
    "omclickhouse",
    "omelasticsearch",
    "omfwd",
    "omgssapi",
    "omhttp",
    "omkafka",
    "omrabbitmq",
    "omrelp",
    "omsnmp",
    "omudpspoof",
];
/// Drivers of syslog-ng that do.
const DRIVERS: &[&str] = &[
    "elasticsearch-http",
    "graylog2",
    "http",
    "kafka-c",
    "loggly",
    "loki",
    "network",
    "opentelemetry",
    "splunk-hec-event",
    "splunk-hec-raw",
    "syslog",
    "syslog-ng-otlp",
    "tcp",
    "tcp6",
    "udp",
    "udp6",
];

/// Parses a file of rsyslog.
pub fn rsyslog(content: &[u8]) -> Rsyslog {
    let plain = uncommented(content);
    let mut found = Rsyslog::default();
    for line in text::lines(&plain) {
        let line = line.trim_ascii();
        if let Some(pattern) = line.strip_prefix(b"$IncludeConfig") {
            found.includes.push(text::clean(pattern));
            continue;
        }
        // A selector or `then`, and behind it the target: `*.* @@host:514`, `:omrelp:host:2514`.
        let action = line.rsplit(u8::is_ascii_whitespace).next().unwrap_or_default();
        let target = match action.strip_prefix(b"@") {
            Some(target) => Some(target.strip_prefix(b"@").unwrap_or(target)),
            None => action.strip_prefix(b":omrelp:").or_else(|| action.strip_prefix(b":omgssapi:")),
        };
        if let Some(target) = target {
            // Options of the connection: `@@(o,z9)host`.
            let behind = text::split_once(target, b')').filter(|_| target.starts_with(b"("));
            found.forwards |= is_elsewhere(behind.map_or(target, |(_, target)| target));
        }
    }
    for (name, inside) in calls(&plain) {
        let parameter = |key: &str| parameter(inside, key);
        match name {
            b"include" => found.includes.extend(parameter("file")),
            b"action" => {
                let kind = parameter("type").unwrap_or_default();
                let target = parameter("target").or_else(|| parameter("server"));
                let elsewhere = target.is_none_or(|target| is_elsewhere(target.as_bytes()));
                found.forwards |= ACTIONS.contains(&kind.as_str()) && elsewhere;
            }
            _ => {}
        }
    }
    found
}

/// Configuration without its comments: `#` to the end of a line, and what stands between `/*` and `*/`.
fn uncommented(content: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(content.len());
    let mut quoted = false;
    let mut at = 0;
    while let Some(&byte) = content.get(at) {
        let rest = content.get(at..).unwrap_or_default();
        let blank = plain.last().is_none_or(u8::is_ascii_whitespace);
        if !quoted && blank && byte == b'#' {
            at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            continue;
        }
        if !quoted && blank && rest.starts_with(b"/*") {
            at += memchr::memmem::find(rest, b"*/").map_or(rest.len(), |end| end + 2);
            continue;
        }
        match byte {
            b'"' => quoted = !quoted,
            // Quotes of the older syntax do not span lines.
            b'\n' => quoted = false,
            _ => {}
        }
        plain.push(byte);
        at += 1;
    }
    plain
}

/// What includes and actions have in their parentheses, each with its word.
fn calls(content: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    /// Longer ones are none that people write.
    const BYTES_MAX: usize = 8192;
    // What stands in the parentheses of one is part of it.
    let mut behind = 0;
    memchr::memchr_iter(b'(', content).filter_map(move |open| {
        if open < behind {
            return None;
        }
        let before = content.get(..open)?.trim_ascii_end();
        let word = [b"include".as_slice(), b"action"].into_iter().find(|word| {
            let found = before.strip_suffix(*word);
            found.is_some_and(|rest| !rest.last().is_some_and(u8::is_ascii_alphanumeric))
        })?;
        let mut quoted = false;
        let inside = content.get(open + 1..)?;
        let inside = inside.get(..BYTES_MAX).unwrap_or(inside);
        let end = memchr::memchr2_iter(b'"', b')', inside).find(|at| {
            let quote = inside.get(*at) == Some(&b'"');
            quoted ^= quote;
            !quoted && !quote
        })?;
        behind = open + 1 + end;
        Some((word, inside.get(..end)?))
    })
}

/// The value of `key="value"`.
fn parameter(inside: &[u8], key: &str) -> Option<String> {
    let lower = inside.to_ascii_lowercase();
    let at = memchr::memmem::find_iter(&lower, key.as_bytes()).find(|at| {
        let before = at.checked_sub(1).and_then(|at| inside.get(at));
        let behind = inside.get(at + key.len()..).unwrap_or_default();
        before.is_none_or(u8::is_ascii_whitespace) && behind.trim_ascii_start().starts_with(b"=")
    })?;
    let (_, value) = text::split_once(inside.get(at..)?, b'"')?;
    text::split_once(value, b'"').map(|(value, _)| text::clean(value))
}

/// Whether a target, with its port or options or not, is another machine.
fn is_elsewhere(target: &[u8]) -> bool {
    let target = target.trim_ascii();
    let host = match target.strip_prefix(b"[") {
        Some(inside) => text::split_once(inside, b']').map_or(inside, |(host, _)| host),
        None if target == b"::1" => target,
        None => target.split(|byte| b":;".contains(byte)).next().unwrap_or_default(),
    };
    !host.is_empty() && host != b"localhost" && host != b"::1" && !host.starts_with(b"127.")
}

/// What a file of syslog-ng says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct SyslogNg {
    /// Destinations on other machines.
    remote: Vec<String>,
    /// Destinations that are used.
    used: BTreeSet<String>,
    /// Patterns of the files it includes.
    pub includes: Vec<String>,
    /// Whether a path of logs has a destination on another machine in itself.
    direct: bool,
}

impl SyslogNg {
    /// Takes a file in.
    pub fn file(&mut self, content: &[u8]) {
        let tokens = tokens(content);
        let token = |at: usize| tokens.get(at).map_or("", |token| token.as_str());
        let mut at = 0;
        while at < tokens.len() {
            match (token(at), token(at + 1)) {
                ("@include", pattern) => self.includes.push(pattern.to_owned()),
                ("destination", "(") => {
                    self.used.insert(token(at + 2).to_owned());
                }
                ("destination", name) => {
                    let open = at + if name == "{" { 1 } else { 2 };
                    if token(open) == "{" {
                        let (remote, end) = remote(&tokens, open);
                        match (remote, name) {
                            (true, "{") => self.direct = true,
                            (true, name) => self.remote.push(name.to_owned()),
                            (false, _) => {}
                        }
                        at = end;
                    }
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// Whether all files together send records away.
    pub fn forwards(&self) -> bool {
        self.direct || self.remote.iter().any(|name| self.used.contains(name))
    }
}

/// Whether the block that opens at a place has a driver of another machine, and where it ends.
fn remote(tokens: &[String], open: usize) -> (bool, usize) {
    let token = |at: usize| tokens.get(at).map_or("", |token| token.as_str());
    let (mut depth, mut found, mut at) = (0_usize, false, open);
    while at < tokens.len() {
        match token(at) {
            "{" => depth += 1,
            "}" if depth <= 1 => return (found, at),
            "}" => depth -= 1,
            driver if token(at + 1) == "(" && DRIVERS.contains(&driver) => {
                found |= is_elsewhere(token(at + 2).as_bytes());
            }
            _ => {}
        }
        at += 1;
    }
    (found, at)
}

/// Words, texts without their quotes, and signs.
fn tokens(content: &[u8]) -> Vec<String> {
    const TOKENS_MAX: usize = 100_000;
    let mut tokens = Vec::new();
    let mut rest = content;
    while let Some((&byte, behind)) = rest.split_first() {
        if tokens.len() >= TOKENS_MAX {
            break;
        }
        match byte {
            b'#' => {
                let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                rest = rest.get(end..).unwrap_or_default();
            }
            b'"' | b'\'' => {
                let (inside, next) = text::split_once(behind, byte).unwrap_or((behind, &[]));
                tokens.push(text::clean(inside));
                rest = next;
            }
            b'{' | b'}' | b'(' | b')' | b';' => {
                tokens.push(char::from(byte).to_string());
                rest = behind;
            }
            byte if byte.is_ascii_whitespace() => rest = behind,
            _ => {
                let ends = |byte: &u8| byte.is_ascii_whitespace() || b"{}();#\"'".contains(byte);
                let end = rest.iter().position(ends).unwrap_or(rest.len()).max(1);
                let (word, next) = rest.split_at_checked(end).unwrap_or((rest, &[]));
                tokens.push(text::clean(word));
                rest = next;
            }
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_rsyslog_sends_away() {
        for (content, expected) in [
            ("*.* @192.0.2.1\n", true),
            ("*.*\t@@logs.example.org:6514;RSYSLOG_SyslogProtocol23Format\n", true),
            ("auth.* @@(o)[2001:db8::1]:514\n& stop\n", true),
            (":programname, isequal, \"app\" @logs\n", true),
            ("if $msg contains 'x' then @@logs.example.org\n", true),
            ("*.* :omrelp:logs.example.org:2514\n", true),
            ("#*.* @192.0.2.1\n  # *.* @@logs\n", false),
            ("*.* @127.0.0.1:1514\n*.* @@localhost\n*.* @[::1]:514\n", false),
            ("*.* /var/log/all # @logs\nmail.* -/var/log/mail\n", false),
            (
                "action(type=\"omfwd\" target=\"logs.example.org\" port=\"6514\"\n protocol=\"tcp\")\n",
                true,
            ),
            ("if (1) then { action( Type = \"omfwd\" Target=\"logs\" ) }\n", true),
            ("action(type=\"omfwd\" target=\"127.0.0.1\")\n", false),
            ("action(type=\"omfile\" file=\"/var/log/x\")\n", false),
            ("action(type=\"omkafka\" broker=[\"b\"] topic=\"t\")\n", true),
            (
                "/* action(type=\"omfwd\" target=\"logs\") */\n#action(type=\"omfwd\" target=\"l\")\n",
                false,
            ),
            ("module(load=\"omfwd\")\n$template t,\"%msg%\\n\"\n", false),
        ] {
            assert_eq!(rsyslog(content.as_bytes()).forwards, expected, "{content}");
        }
        let debian = "module(load=\"imuxsock\") # why\n$IncludeConfig /etc/rsyslog.d/*.conf\n\
            include(file=\"/etc/more.conf\" mode=\"optional\")\n";
        assert_eq!(
            rsyslog(debian.as_bytes()).includes,
            ["/etc/rsyslog.d/*.conf", "/etc/more.conf"]
        );
    }

    #[test]
    fn what_syslog_ng_sends_away() {
        let debian = "@version: 3.38\n@include \"scl.conf\"\n@include \"/etc/syslog-ng/conf.d/*.conf\"\n\
            source s_src { system(); internal(); };\n\
            # destination d_net { tcp(\"127.0.0.1\" port(1000)); };\n\
            destination d_auth { file(\"/var/log/auth.log\"); };\n\
            log { source(s_src); filter(f_auth); destination(d_auth); };\n";
        for (more, expected) in [
            ("", false),
            ("destination d_net { network(\"logs.example.org\" port(514)); };\n", false),
            ("destination d { network(\"logs\"); }; log { source(s_src); destination(d); };", true),
            (
                "log { source(s_src); destination { syslog('192.0.2.1' transport(\"tls\")); }; };",
                true,
            ),
            (
                "destination d { udp(\"127.0.0.1\"); }; log { source(s_src); destination(d); };",
                false,
            ),
            ("destination d { file(\"/x\"); }; log { source(s_src); destination(d); };", false),
            (
                "source s_net { network(ip(0.0.0.0)); }; log { source(s_net); destination(d_auth); };",
                false,
            ),
        ] {
            let mut found = SyslogNg::default();
            found.file(debian.as_bytes());
            found.file(more.as_bytes());
            assert_eq!(found.forwards(), expected, "{more}");
            assert_eq!(found.includes, ["scl.conf", "/etc/syslog-ng/conf.d/*.conf"]);
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            rsyslog(&bytes);
            SyslogNg::default().file(&bytes);
        }

        #[test]
        fn any_words(text in "(destination|log|action|type=|\"omfwd\"|[(){}\";@#/*]| |network|\n){0,40}") {
            rsyslog(text.as_bytes());
            SyslogNg::default().file(text.as_bytes());
        }
    }
}
