//! The running service: what changed is read, what differs is delivered, and nothing else happens.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use belfort_agent_sys::process;
use belfort_agent_sys::watch::{Drained, Timer, Waiting, now};
use belfort_proto::inventory::v1::SectionKind;
use belfort_proto::section::{self, Hash, Section};
use tracing::{debug, info, warn};

use super::{
    INTERVAL_DEFAULT, Machine, PASSES, PAUSE_MIN, backoff, chain, log_unknown_fields, random,
};
use crate::config::Config;
use crate::cost::Costs;
use crate::exchange::{Delivery, Exchange, ExchangeError};
use crate::policy::Policy;
use crate::probe;
use crate::probe::kept::Kept;
use crate::report::{self, Encoded, Report};
use crate::state::State;
use crate::watch::groups::Reported;
use crate::watch::schedule::Schedule;
use crate::watch::{Paces, Watcher};

/// After something was told, nobody listens for this long: a flood wakes the agent a few times each
/// second instead of once for each event.
const DEAF: Duration = Duration::from_millis(250);
/// Each time that nothing in it mattered the time doubles, up to this: with the quiet that follows an
/// event it still leaves time to be in the register within ten seconds.
const DEAF_MAX: Duration = Duration::from_secs(4);
/// Most bytes of sections held. Reached only by a machine that is made to hurt the agent.
const HELD_BYTES_MAX: usize = 12 << 20;
/// Oldest account of costs that `status` shows while the service runs.
const ACCOUNT_AGE: Duration = Duration::from_hours(1);

/// A service that watches a machine and keeps a collector informed.
#[derive(Debug)]
pub struct Service<'a> {
    state: &'a State,
    config: &'a Config,
    interval: Option<Duration>,
    machine: Machine,
    /// What earlier passes kept for the next.
    kept: Arc<Kept>,
    exchange: Exchange<'a>,
    timer: Waiting<Timer>,
    watcher: Watcher,
    paces: Paces,
    schedule: Schedule,
    policy: Policy,
    /// What is held, ready to be sent.
    report: Report,
    reported: Option<Reported>,
    acknowledged: Option<Hash>,
    failures: u32,
    /// Nobody listens until then; nothing while somebody does.
    deaf_until: Option<Duration>,
    deaf: Duration,
    costs: Costs,
    /// When the first pass had been delivered, or could not be.
    ready_at: Option<Duration>,
    account_at: Duration,
}

impl<'a> Service<'a> {
    /// Begins to watch, then reads everything once: what changes meanwhile is noticed.
    pub fn new(
        state: &'a State,
        config: &'a Config,
        interval: Option<Duration>,
        machine: Machine,
    ) -> Result<Self, ExchangeError> {
        let exchange = Exchange::new(state)?;
        let root = machine.root().map_err(|error| other(&error))?;
        let kernel = root.is_system();
        let spread = spread(state)?;
        let mut service = Self {
            exchange,
            timer: Timer::new().and_then(Waiting::new).map_err(ExchangeError::Watch)?,
            watcher: Watcher::new(root, kernel),
            paces: Paces::default(),
            schedule: Schedule::new(now(), interval, spread),
            policy: Policy::new(None, config),
            report: Report::assemble(Vec::new())?,
            reported: None,
            acknowledged: None,
            failures: 0,
            deaf_until: None,
            deaf: DEAF,
            costs: Costs::new(),
            ready_at: None,
            account_at: Duration::ZERO,
            kept: Arc::new(state.kept()),
            state,
            config,
            interval,
            machine,
        };
        service.read_everything(now())?;
        Ok(service)
    }

    /// Works until told to stop.
    pub async fn run(mut self, stop: impl Future<Output = ()>) -> Result<(), ExchangeError> {
        let mut stop = pin!(stop);
        self.announce();
        tokio::select! {
            result = self.first_delivery() => result?,
            () = &mut stop => return self.stopped(),
        }
        loop {
            tokio::select! {
                result = self.step() => result?,
                () = &mut stop => return self.stopped(),
            }
            self.set_timer()?;
            tokio::select! {
                () = expired(&self.timer) => {}
                () = self.watcher.ready() => {}
                () = &mut stop => return self.stopped(),
            }
        }
    }

    fn announce(&self) {
        let unwatched = self.watcher.unwatched();
        for one in &unwatched {
            let sections = one.sections.join(" ");
            warn!(what = one.what, reason = one.reason, sections, "not watched");
        }
        info!(directories = self.watcher.directories(), unwatched = unwatched.len(), "started");
    }

    fn stopped(&mut self) -> Result<(), ExchangeError> {
        self.save_account(now())?;
        info!("stopped");
        Ok(())
    }

    async fn first_delivery(&mut self) -> Result<(), ExchangeError> {
        self.deliver().await?;
        self.costs.close(None);
        self.ready_at = Some(now());
        self.save_account(now())
    }

    /// Does what is to be done now.
    async fn step(&mut self) -> Result<(), ExchangeError> {
        let now = now();
        if self.deaf_until.is_none_or(|until| until <= now) {
            self.hear(now);
        }
        let ticked = self.schedule.advance(now);
        self.compare(now, ticked);
        let contact = ticked && self.schedule.is_contact_due();
        if ticked && self.schedule.is_full_due() {
            self.schedule.full_done();
            self.read_everything(now)?;
            self.save_account(now)?;
        } else if self.paces.everything.is_due(now) {
            warn!("changes came faster than they could be told; everything is read again");
            self.read_everything(now)?;
            self.paces.everything.read(now);
        } else {
            let mut due = self.paces.due(now);
            for kind in &due {
                self.paces.section(*kind).read(now);
            }
            if contact {
                due.extend(self.blind());
            }
            self.read_again(&due)?;
        }
        let outdated = Some(self.report.root()) != self.acknowledged;
        // After a failure the collector is left alone until the schedule says so.
        if contact || outdated && self.failures == 0 {
            self.deliver().await?;
            if now > self.account_at + ACCOUNT_AGE {
                self.save_account(now)?;
            }
        }
        Ok(())
    }

    /// Reads what was told. When something was, nobody listens for a while; else somebody does.
    fn hear(&mut self, now: Duration) {
        let any = self.watcher.drain(now, self.reported.as_ref(), &mut self.paces);
        if any {
            let mattered = self.paces.take_told();
            self.deaf = if mattered { DEAF } else { (self.deaf * 2).min(DEAF_MAX) };
            self.deaf_until = Some(now + self.deaf);
            self.watcher.listen(false);
        } else if self.deaf_until.take().is_some() {
            self.deaf = DEAF;
            self.watcher.listen(true);
        }
    }

    /// Compares what nobody tells of, and what was told that may be nothing new.
    fn compare(&mut self, now: Duration, ticked: bool) {
        if ticked || self.paces.listeners.is_due(now) {
            self.paces.listeners.settle(now);
            if self.watcher.listeners_differ() {
                self.paces.section(SectionKind::Services).differs(now);
            }
        }
        if self.paces.network.is_due(now) {
            self.paces.network.settle(now);
            if self.watcher.network_differs() {
                self.paces.section(SectionKind::Network).differs(now);
            }
        }
    }

    /// Sections whose changes cannot be seen on this machine.
    fn blind(&self) -> Vec<SectionKind> {
        let unwatched = self.watcher.unwatched();
        let names = unwatched.iter().flat_map(|one| &one.sections);
        names.filter_map(|name| section::kind_by_name(name)).collect()
    }

    /// Reads everything, under the present settings.
    fn read_everything(&mut self, now: Duration) -> Result<(), ExchangeError> {
        self.policy = Policy::new(self.state.settings()?.as_ref(), self.config);
        self.watcher.refresh();
        self.watcher.compare_from_now();
        process::keep_memory();
        self.report = Report::assemble(self.read(Section::KINDS)?)?;
        self.paces.settle(now);
        self.costs.full_passes += 1;
        self.look_at_services();
        process::release_memory();
        Ok(())
    }

    /// Reads some sections again.
    fn read_again(&mut self, kinds: &[SectionKind]) -> Result<(), ExchangeError> {
        if kinds.is_empty() {
            return Ok(());
        }
        // Compared before, so that what changes while it is read is noticed.
        if kinds.contains(&SectionKind::Services) {
            self.watcher.listeners_differ();
        }
        if kinds.contains(&SectionKind::Network) {
            self.watcher.network_differs();
        }
        let sections = self.read(kinds)?;
        let changed = self.report.replace(sections)?;
        if kinds.contains(&SectionKind::Services) {
            self.look_at_services();
        }
        let names = |kinds: &[SectionKind]| {
            kinds.iter().map(|kind| section::name(*kind)).collect::<Vec<_>>().join(" ")
        };
        if changed.is_empty() {
            debug!(read = names(kinds), "nothing changed");
        } else {
            info!(read = names(kinds), changed = names(&changed), "changed");
        }
        Ok(())
    }

    fn read(&mut self, kinds: &[SectionKind]) -> Result<Vec<Encoded>, ExchangeError> {
        let host = self.machine.host(self.policy.clone()).map_err(|error| other(&error))?;
        let host = host.with(Arc::clone(&self.kept));
        let kept = self.report.sections.iter().filter(|held| !kinds.contains(&held.entry.kind));
        let mut held_bytes: usize = kept.map(|held| held.bytes.len()).sum();
        let mut sections = Vec::new();
        for probe in probe::all() {
            let kind = probe.kind();
            if kinds.contains(&kind) && host.policy.collects(kind) {
                let (mut encoded, measure) = Encoded::measured(*probe, &host);
                self.costs.add(kind, &measure);
                let room = HELD_BYTES_MAX.saturating_sub(held_bytes);
                if encoded.bytes.len() > room {
                    encoded = report::over(kind, HELD_BYTES_MAX);
                }
                held_bytes += encoded.bytes.len();
                sections.push(encoded);
            }
        }
        // A full disk makes passes dearer, not wrong.
        if let Err(error) = self.state.save_kept(&self.kept) {
            warn!(reason = chain(&error), "what the pass read is not kept");
        }
        Ok(sections)
    }

    /// Notes which services are reported as running or not.
    fn look_at_services(&mut self) {
        let services = SectionKind::Services;
        let held = self.report.sections.iter().find(|section| section.entry.kind == services);
        self.reported = match held.map(|held| Section::decode(services, &held.bytes)) {
            Some(Ok(Section::Services(section))) => Some(Reported::of(&section)),
            _ => None,
        };
    }

    /// Talks to the collector, and says when next. When it gives other settings, everything is read
    /// again under them before anything is sent.
    async fn deliver(&mut self) -> Result<(), ExchangeError> {
        let pause = match self.converse().await {
            Ok(delivery) => {
                self.failures = 0;
                self.acknowledged = delivery.root;
                let sections = delivery.sent.len();
                info!(sections, up = delivery.bytes_up, down = delivery.bytes_down, "checked in");
                self.interval.unwrap_or(delivery.next_check_in).max(PAUSE_MIN)
            }
            Err(ExchangeError::State(error)) => return Err(error.into()),
            Err(error) => {
                self.failures += 1;
                let limit = self.interval.unwrap_or(INTERVAL_DEFAULT);
                let pause = backoff(self.failures, limit, random());
                warn!(reason = chain(&error), retry_seconds = pause.as_secs(), "check-in failed");
                pause
            }
        };
        self.schedule.contact_after(pause);
        process::release_memory();
        Ok(())
    }

    async fn converse(&mut self) -> Result<Delivery, ExchangeError> {
        for _ in 0..PASSES {
            let delivery = self.exchange.deliver(&self.report).await?;
            if !delivery.settings_changed {
                return Ok(delivery);
            }
            self.read_everything(now())?;
            log_unknown_fields(&self.policy);
        }
        Err(ExchangeError::Answer("it changes the settings again and again"))
    }

    fn save_account(&mut self, now: Duration) -> Result<(), ExchangeError> {
        self.account_at = now;
        self.costs.directories = self.watcher.directories() as u64;
        self.costs.unwatched = self.watcher.unwatched();
        if let Some(ready) = self.ready_at {
            self.costs.close(Some(now.saturating_sub(ready)));
        }
        Ok(self.state.save_costs(&self.costs)?)
    }

    fn set_timer(&self) -> Result<(), ExchangeError> {
        let mut at = self.schedule.next_tick();
        if let Some(due) = self.paces.next_due() {
            at = at.min(due);
        }
        if let Some(until) = self.deaf_until {
            at = at.min(until);
        }
        self.timer.source().map_or(Ok(()), |timer| timer.arm(at)).map_err(ExchangeError::Watch)
    }
}

/// Waits until the timer goes off.
async fn expired(timer: &Waiting<Timer>) {
    std::future::poll_fn(|context| {
        if timer.poll_ready(context) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    timer.drain(|timer| {
        timer.clear();
        Drained::Empty
    });
}

/// Where in the day this device's full passes lie.
fn spread(state: &State) -> Result<u32, ExchangeError> {
    let identity = state.identity()?.ok_or(ExchangeError::NotEnrolled)?;
    let agent = identity.agent()?.agent_id.to_string();
    let hash = blake3::hash(agent.as_bytes());
    Ok(hash.as_bytes().first_chunk().copied().map_or(0, u32::from_le_bytes))
}

fn other(error: &belfort_agent_sys::files::ReadError) -> ExchangeError {
    ExchangeError::Watch(std::io::Error::other(error.to_string()))
}
