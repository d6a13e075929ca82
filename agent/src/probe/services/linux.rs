//! Reads the `services` section on Linux.

pub(super) mod manager;
mod owners;
mod sockets;
pub(crate) use sockets::each_socket;

use belfort_proto::inventory::v1::{Listener, Service, ServicesSection};
use belfort_proto::limits;

use crate::probe::outcome::Sources;
use crate::probe::{Host, accounts};

pub(super) fn read(host: &Host) -> ServicesSection {
    let mut sources = Sources::new(&host.root);
    let mut owners = owners::Owners::new(host);
    let passwd = sources.optional("/etc/passwd", 2 << 20).unwrap_or_default();
    let accounts = accounts::passwd(&passwd);
    // Services run by a person's account must not name the person.
    let account = |user: &str| match user {
        "" => "root".to_owned(),
        user if accounts::is_person(user, &accounts) => host.policy.pseudonym(user),
        user => user.to_owned(),
    };
    // Nor must an instance for a person, such as `syncthing@` and a name.
    let instance = |name: &str| match name.split_once('@') {
        Some((_, person)) if accounts::is_person(person, &accounts) => {
            Some((person.to_owned(), host.policy.pseudonym(person)))
        }
        _ => None,
    };
    let units = host.units();
    sources.outcomes.extend(&units.outcomes);
    let mut services: Vec<_> = units
        .services
        .iter()
        .take(limits::ELEMENTS)
        .map(|found| {
            let impersonal = |text: &str| match instance(&found.name) {
                Some((person, pseudonym)) => text.replace(&person, &pseudonym),
                None => text.to_owned(),
            };
            Service {
                package: owners.package(&found.unit.program, &found.name),
                account: account(&found.unit.user),
                description: impersonal(&found.unit.description),
                start_mode: found.start_mode.into(),
                running: found.running.into(),
                program: found.unit.program.clone(),
                name: impersonal(&found.name),
            }
        })
        .collect();
    services.sort_by(|a, b| a.name.cmp(&b.name));
    let mut listeners: Vec<_> = sockets::listening(host, &mut sources)
        .into_iter()
        .take(limits::ELEMENTS)
        .map(|(socket, program)| Listener {
            protocol: socket.protocol.into(),
            port: socket.port.into(),
            scope: socket.scope.into(),
            package: owners.package(&program, ""),
            program,
        })
        .collect();
    owners::of_rpm(&mut sources, &mut services, &mut listeners);
    listeners.sort_by(|a, b| {
        (a.protocol, a.port, a.scope, &a.program).cmp(&(b.protocol, b.port, b.scope, &b.program))
    });
    // Several sockets on one port, of one program, are one listener.
    listeners.dedup();
    ServicesSection { outcomes: sources.outcomes.into_vec(), services, listeners }
}
