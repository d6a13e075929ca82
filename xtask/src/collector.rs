//! A collector on loopback for chores: its addresses, its process, and what its programs print.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// The arguments of `init` that put its three listeners on free ports.
pub(crate) fn free_addresses() -> Result<[String; 3]> {
    let mut held = Vec::new();
    // Held together so that three different ports come out.
    let mut free = |option: &str| -> Result<String> {
        let listener = TcpListener::bind("127.0.0.1:0").context("find a free port")?;
        let address = listener.local_addr().context("find a free port")?;
        held.push(listener);
        Ok(format!("--{option}={address}"))
    };
    Ok([free("enrolment-listen")?, free("report-listen")?, free("web-listen")?])
}

/// Starts the collector and waits until it answers; fails with its log.
pub(crate) fn serve(program: &Path, data: &Path, web: SocketAddr, log: &Path) -> Result<Child> {
    let file = fs::File::create(log).with_context(|| format!("make {}", log.display()))?;
    let mut child = Command::new(program)
        .arg("--data")
        .arg(data)
        .arg("serve")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(file)
        .spawn()
        .context("start the collector")?;
    let start = Instant::now();
    while !is_healthy(web) {
        let ended = child.try_wait()?;
        if ended.is_some() || start.elapsed() > Duration::from_secs(30) {
            let _ = child.kill();
            let log = fs::read_to_string(log).unwrap_or_default();
            bail!("the collector does not serve:\n{log}");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(child)
}

/// Asks a program to stop, and waits until it has.
pub(crate) fn end(mut child: Child) -> Result<()> {
    let pid = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
    if let Some(pid) = pid {
        // It may have ended already, of the same Ctrl-C.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    }
    let start = Instant::now();
    while child.try_wait()?.is_none() {
        if start.elapsed() > Duration::from_secs(15) {
            child.kill()?;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// Runs a program and gives what it printed; fails with what it said.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output =
        command.output().with_context(|| format!("start {}", command.get_program().display()))?;
    if !output.status.success() {
        bail!(
            "{} failed: {}",
            command.get_program().display(),
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a collector answers at this address.
pub(crate) fn is_healthy(web: SocketAddr) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect_timeout(&web, Duration::from_millis(500))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        write!(stream, "GET /api/v1/health HTTP/1.1\r\nHost: {web}\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.take(4096).read_to_string(&mut answer)?;
        Ok(answer.starts_with("HTTP/1.1 200") && answer.contains("\"status\":\"ok\""))
    };
    ask().unwrap_or(false)
}
