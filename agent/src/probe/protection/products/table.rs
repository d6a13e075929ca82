//! The products that are looked for, by name.

use belfort_proto::inventory::v1::SecurityCategory::{
    Audit, Backup, DeviceControl, EndpointDetection, IntrusionPrevention, Logging,
    MalwareProtection, RemoteControl, TimeSync,
};

use super::Known;

pub(super) const KNOWN: &[Known] = &[
    Known::new("Acronis Cyber Protect", &[Backup], &["acronis_mms"]).folder("acronis"),
    Known::new("AnyDesk", &[RemoteControl], &["anydesk"]),
    Known::new("Auditbeat", &[Audit, Logging], &["auditbeat"]).forwards(),
    Known::new("Bacula", &[Backup], &["bacula-fd"]).folder("bacula"),
    Known::new("Bareos", &[Backup], &["bareos-fd", "bareos-filedaemon"]),
    Known::new("Bitdefender GravityZone", &[MalwareProtection, EndpointDetection], &["bdsec*"])
        .folder("bitdefender-security-tools"),
    Known::new("BorgBackup", &[Backup], &["borgbackup*"]).timers(&[
        "borg-*",
        "borg",
        "borgbackup*",
    ]),
    Known::new("borgmatic", &[Backup], &["borgmatic*"]).timers(&["borgmatic*"]),
    Known::new("burp", &[Backup], &["burp*"]).timers(&["burp*"]),
    Known::new("Carbon Black Cloud", &[MalwareProtection, EndpointDetection], &["cbagentd"])
        .folder("carbonblack"),
    Known::new(
        "Chrome Remote Desktop",
        &[RemoteControl],
        &["chrome-remote-desktop", "chrome-remote-desktop@*"],
    )
    .folder("google/chrome-remote-desktop"),
    Known::new("chrony", &[TimeSync], &["chrony", "chronyd"]),
    Known::new(
        super::CLAMAV,
        &[MalwareProtection],
        &["clamav-clamonacc", "clamav-daemon", "clamd", "clamd@*", "clamonacc"],
    )
    .helpers(&["clamav-freshclam", "freshclam"]),
    Known::new("Commvault", &[Backup], &["commvault*"]).folder("commvault"),
    Known::new(
        "ConnectWise ScreenConnect",
        &[RemoteControl],
        &["connectwisecontrol*", "screenconnect*"],
    ),
    Known::new("Cortex XDR", &[MalwareProtection, EndpointDetection], &["traps_pmd"])
        .folder("traps"),
    Known::new("CrowdSec", &[IntrusionPrevention], &["crowdsec"]),
    Known::new("CrowdStrike Falcon", &[MalwareProtection, EndpointDetection], &["falcon-sensor"])
        .folder("CrowdStrike"),
    Known::new("Duplicati", &[Backup], &["duplicati"]),
    Known::new("DWAgent", &[RemoteControl], &["dwagent"]),
    Known::new("Elastic Agent", &[EndpointDetection, Logging], &["elastic-agent"])
        .helpers(&["ElasticEndpoint"])
        .folder("Elastic/Agent")
        .forwards(),
    Known::new("ESET Endpoint Antivirus", &[MalwareProtection], &["eea", "esets"])
        .folder("eset/eea"),
    Known::new("ESET Server Security", &[MalwareProtection], &["efs"]).folder("eset/efs"),
    Known::new("Fail2ban", &[IntrusionPrevention], &["fail2ban"]),
    Known::new("Filebeat", &[Logging], &["filebeat"]).forwards(),
    Known::new("Fluent Bit", &[Logging], &["fluent-bit", "td-agent-bit"])
        .folder("fluent-bit")
        .forwards(),
    Known::new("Fluentd", &[Logging], &["fluentd", "td-agent"]).folder("td-agent").forwards(),
    Known::new("GNOME Remote Desktop", &[RemoteControl], &["gnome-remote-desktop"]),
    Known::new("Grafana Alloy", &[Logging], &["alloy"]).forwards(),
    Known::new("Graylog Sidecar", &[Logging], &["graylog-sidecar"]).forwards(),
    Known::new("IBM Spectrum Protect", &[Backup], &["dsmc", "dsmcad"]).folder("tivoli/tsm"),
    Known::new("Kaspersky Endpoint Security", &[MalwareProtection], &["kesl", "kesl-supervisor"])
        .folder("kaspersky/kesl"),
    Known::new("Kopia", &[Backup], &["kopia*"]).timers(&["kopia*"]),
    Known::new("Linux Audit", &[Audit], &["auditd"]),
    Known::new("linuxptp", &[TimeSync], &["phc2sys*", "ptp4l*"]),
    Known::new("MeshAgent", &[RemoteControl], &["meshagent"]),
    Known::new(
        "Microsoft Defender for Endpoint",
        &[MalwareProtection, EndpointDetection],
        &["mdatp"],
    )
    .folder("microsoft/mdatp"),
    Known::new("NetBackup", &[Backup], &["netbackup*", "nbclient", "vxpbx_exchanged"])
        .folder("/usr/openv/netbackup"),
    Known::new("NoMachine", &[RemoteControl], &["nxserver"]),
    Known::new("NTPsec or ntpd", &[TimeSync], &["ntp", "ntpd", "ntpsec"]),
    Known::new("NXLog", &[Logging], &["nxlog"]).folder("nxlog").forwards(),
    Known::new("OpenNTPD", &[TimeSync], &["openntpd"]),
    Known::new("osquery", &[EndpointDetection], &["osqueryd"]).folder("osquery"),
    Known::new("Promtail", &[Logging], &["promtail"]).forwards(),
    Known::new("Proxmox Backup Client", &[Backup], &["proxmox-backup-client*"])
        .timers(&["proxmox-backup-client*"]),
    Known::new("RealVNC", &[RemoteControl], &["vncserver-x11-serviced", "vncserver-virtuald"]),
    Known::new("restic", &[Backup], &["restic*", "resticprofile*"]).timers(&["restic*"]),
    Known::new("rsnapshot", &[Backup], &["rsnapshot*"]).timers(&["rsnapshot*"]),
    Known::new(super::RSYSLOG, &[Logging], &["rsyslog"]),
    Known::new("Rubrik Backup Service", &[Backup], &["rubrikagents", "rubrik-agent*"])
        .folder("rubrik"),
    Known::new("RustDesk", &[RemoteControl], &["rustdesk"]),
    Known::new("SentinelOne", &[MalwareProtection, EndpointDetection], &["sentinelone"])
        .folder("sentinelone"),
    Known::new("Sophos Anti-Virus", &[MalwareProtection], &["sav-protect"]).folder("sophos-av"),
    Known::new(
        "Sophos Protection for Linux",
        &[MalwareProtection, EndpointDetection],
        &["sophos-spl"],
    )
    .folder("sophos-spl"),
    Known::new("Splashtop Streamer", &[RemoteControl], &["SRStreamer", "srstreamer", "splashtop*"])
        .folder("splashtop-streamer"),
    Known::new("Splunk Universal Forwarder", &[Logging], &["SplunkForwarder", "splunk*"])
        .folder("splunkforwarder")
        .forwards(),
    Known::new("SSHGuard", &[IntrusionPrevention], &["sshguard"]),
    Known::new(super::SYSLOG_NG, &[Logging], &["syslog-ng", "syslog-ng@*"]),
    Known::new("systemd-journal-upload", &[Logging], &["systemd-journal-upload"]).forwards(),
    Known::new("systemd-timesyncd", &[TimeSync], &["systemd-timesyncd"]),
    Known::new("TeamViewer", &[RemoteControl], &["teamviewerd"]).folder("teamviewer"),
    Known::new(
        "TigerVNC",
        &[RemoteControl],
        &["tigervncserver*", "vncserver", "vncserver@*", "xvnc*"],
    ),
    Known::new("Trellix Endpoint Security", &[MalwareProtection], &["mfetpd"])
        .helpers(&["mfeespd"])
        .folder("McAfee/ens"),
    Known::new("Trend Micro Deep Security", &[MalwareProtection, EndpointDetection], &["ds_agent"])
        .folder("ds_agent"),
    Known::new("Trend Micro Vision One", &[EndpointDetection], &["tmxbc"])
        .folder("TrendMicro/EndpointBasecamp"),
    Known::new("UrBackup", &[Backup], &["urbackupclientbackend", "urbackupclient"]),
    Known::new(super::USBGUARD, &[DeviceControl], &["usbguard"]),
    Known::new("Vector", &[Logging], &["vector"]).forwards(),
    Known::new("Veeam Agent", &[Backup], &["veeamservice", "veeamtransport"]).folder("veeam"),
    Known::new(
        "Velociraptor",
        &[EndpointDetection],
        &["velociraptor_client", "velociraptor-client"],
    ),
    Known::new("Wazuh", &[EndpointDetection, Logging], &["wazuh-agent"])
        .folder("/var/ossec")
        .forwards(),
    Known::new("WithSecure Linux Protection", &[MalwareProtection], &["f-secure-linuxsecurity*"])
        .folder("f-secure/linuxsecurity"),
    Known::new("x11vnc", &[RemoteControl], &["x11vnc*"]),
    Known::new("xrdp", &[RemoteControl], &["xrdp"]),
];
