//! The collector is killed at any instant: afterwards every acknowledged report is there, and no half
//! one.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests stand outside test functions"
)]

use std::time::Duration;

use belfort_collector::ingest;
use belfort_proto::report::v1::Verdict;
use belfort_proto::section::Section;
use belfort_tests::collector::{Backend, Collector};
use belfort_tests::device::{Device, Inventory};
use belfort_tests::wait::chance;
use tonic::Code;

/// How far a machine got before the collector was gone.
#[derive(Clone, Copy, Debug)]
struct Sent {
    /// The last report that was begun.
    begun: u64,
    /// The last report that was acknowledged.
    acknowledged: u64,
}

/// What a machine holds in its n-th report.
fn inventory(device: &Device, number: u64) -> Inventory {
    device.inventory(&format!("{}-{number}", device.name))
}

/// Reports again and again, each time something else, until the collector is gone.
async fn report_until_killed(collector: &Collector, device: &Device, mut sent: Sent) -> Sent {
    let mut session = device.connect(collector).await;
    loop {
        sent.begun += 1;
        let next = inventory(device, sent.begun);
        match session.report(&next).await {
            Ok(root) => {
                assert_eq!(root, next.manifest().root());
                sent.acknowledged = sent.begun;
            }
            // More than an agent may ask in a minute: nothing of it was taken.
            Err(status) if status.code() == Code::ResourceExhausted => {
                sent.begun -= 1;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Err(_) => return sent,
        }
    }
}

/// Checks what the database holds of a machine; gives the number of the report it is from.
fn held(collector: &Collector, device: &Device) -> u64 {
    let (detail, blobs) = collector.stored(|store| {
        let asset = store.agent_get(device.agent()).unwrap().unwrap().asset;
        let detail = store.asset_get(asset).unwrap().unwrap();
        let hashes: Vec<_> = detail.sections.iter().map(|section| section.key.hash).collect();
        (detail, store.section_get(&hashes).unwrap())
    });
    let sections: Vec<_> = blobs.iter().map(|blob| ingest::decode(blob).unwrap()).collect();
    let [Section::System(system), Section::Packages(packages)] = sections.as_slice() else {
        panic!("half a report: {:?}", sections.iter().map(Section::kind).collect::<Vec<_>>());
    };
    let mark = &system.host_name;
    assert_eq!(&packages.packages.first().unwrap().name, mark, "sections of different reports");
    assert_eq!(&detail.facts.unwrap().host_name, mark, "facts of another report");
    assert_eq!(&detail.summary.asset.name, mark, "name from another report");
    mark.rsplit('-').next().unwrap().parse().unwrap()
}

async fn killed_again_and_again(backend: Backend, rounds: u32) {
    let mut collector = Collector::start(backend);
    let devices =
        [Device::enrolled(&collector, "left").await, Device::enrolled(&collector, "right").await];
    let mut sent = [Sent { begun: 0, acknowledged: 0 }; 2];
    for (device, sent) in devices.iter().zip(&mut sent) {
        *sent = Sent { begun: 1, acknowledged: 1 };
        device.connect(&collector).await.report(&inventory(device, 1)).await.unwrap();
    }
    let mut acknowledged = 0;
    for round in 1..=rounds {
        // The power fails while both are in the middle of it.
        let before = sent;
        let ended = {
            let [left, right] = &devices;
            let left = report_until_killed(&collector, left, sent[0]);
            let right = report_until_killed(&collector, right, sent[1]);
            let pause = Duration::from_millis(20 + chance(200));
            let kill = async {
                tokio::time::sleep(pause).await;
                collector.kill_now();
            };
            tokio::join!(left, right, kill)
        };
        sent = [ended.0, ended.1];
        collector.kill();
        for ((device, sent), before) in devices.iter().zip(&sent).zip(before) {
            let number = held(&collector, device);
            let range = sent.acknowledged..=sent.begun;
            assert!(range.contains(&number), "round {round}: {number} is held of {sent:?}");
            acknowledged += sent.acknowledged - before.acknowledged;
        }
        collector.serve();
        for (device, sent) in devices.iter().zip(&mut sent) {
            catch_up(&collector, device, sent).await;
        }
    }
    assert!(acknowledged > u64::from(rounds), "the collector was killed before it did anything");
    collector.json(&["audit", "verify"]);
}

/// After the restart: what is held is what the root says, and the lost report can be repeated.
async fn catch_up(collector: &Collector, device: &Device, sent: &mut Sent) {
    let mut session = device.connect(collector).await;
    let number = held(collector, device);
    let answer = session.check_in(&inventory(device, number), false).await.unwrap();
    assert_eq!(answer.verdict(), Verdict::InSync);
    for _ in 0..2 {
        let last = inventory(device, sent.begun);
        assert_eq!(session.report(&last).await.unwrap(), last.manifest().root());
        assert_eq!(held(collector, device), sent.begun);
    }
    sent.acknowledged = sent.begun;
    let shown = collector.get(&format!("/api/v1/assets?text={}", device.name)).1;
    assert!(shown.contains(&format!("{}-{}\"", device.name, sent.begun)), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_on_sqlite() {
    Box::pin(killed_again_and_again(Backend::Sqlite, 30)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_on_postgres() {
    Box::pin(killed_again_and_again(Backend::Postgres, 10)).await;
}
