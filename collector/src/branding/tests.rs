use super::*;

const SVG: &str = "<?xml version=\"1.0\"?><!-- stad --><svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 8 8\"><title>on = off</title><path d=\"M0 0h8v8z\"/></svg>\n";
const NAMES: &str = "[organisation]\nnl = \"Stad Voorbeeld\"\nen = \"City of Example\"\n";

/// A picture of this size, as far as it is looked at.
fn png(width: u32, height: u32) -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    file.extend(width.to_be_bytes());
    file.extend(height.to_be_bytes());
    file.extend(b"\x08\x06\0\0\0\0\0\0\0\0\0\0\0IEND\xae\x42\x60\x82");
    file
}

fn read(files: &[(&str, &[u8])]) -> Result<Branding, String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    Branding::read(folder.path()).map_err(|error| error.to_string())
}

#[test]
fn a_whole_folder_is_taken() {
    let toml = format!(
        "{NAMES}[light]\ntopbar = \"#5a0020\"\nlink = \"#8a0030\"\n[dark]\ntopbar = \"#30000f\"\nlink = \"#ff9db5\"\n"
    );
    let files: &[(&str, &[u8])] = &[
        ("logo.svg", SVG.as_bytes()),
        ("logo.png", &png(300, 80)),
        ("logo-dark.png", &png(300, 80)),
        ("brand.toml", toml.as_bytes()),
        (".DS_Store", b"x"),
    ];
    let branding = read(files).unwrap();
    assert!(branding.is_there());
    assert_eq!(branding.logo(false).unwrap().name, "logo.svg");
    assert_eq!(branding.logo(true).unwrap().name, "logo-dark.png");
    assert!(branding.stylesheet.contains("  --topbar: light-dark(#5a0020, #30000f);\n"));
    assert!(!branding.stylesheet.contains("accent"), "{}", branding.stylesheet);
    assert_eq!(branding.names.unwrap().in_language(Language::En), "City of Example");
    let again = read(&[("brand.toml", NAMES.as_bytes())]).unwrap();
    assert_ne!(again.mark, branding.mark);
    assert_eq!(again.stylesheet, "");
    // An empty folder changes nothing.
    assert!(read(&[]).unwrap().logos.is_empty());
}

#[test]
fn the_shipped_colours_can_be_read() {
    let theme = Theme::default();
    let checked = Palette::of(&theme, &theme).unwrap().checked().unwrap();
    assert!(checked.iter().all(|pair| pair.light >= pair.least && pair.dark >= pair.least));
    let [black, white] = ["#000000", "#FFFFFF"].map(|text| text.parse::<Colour>().unwrap());
    assert!((black.contrast(white) - 21.0).abs() < 1e-9);
}

#[test]
fn what_is_wrong_is_said_with_the_name_of_the_file() {
    let deep = "<svg><g/></svg>".repeat(20_000);
    let wide = png(4_000, 10);
    let cut = &png(10, 10)[..30];
    let hostile: &[(&str, &[u8], &str)] = &[
        ("logo.svg", b"<svg><script>alert(1)</script></svg>", "a script"),
        ("logo.svg", b"<svg><SCRIPT href='x'/></svg>", "a script"),
        ("logo.svg", b"<svg onload = 'alert(1)'></svg>", "on"),
        ("logo.svg", b"<svg><g\nOnClick='x'/></svg>", "on"),
        ("logo.svg", b"<svg/onload='x'></svg>", "on"),
        ("logo.svg", b"<svg><a href='JavaScript:x'/></svg>", "an address"),
        ("logo.svg", b"<svg><foreignObject/></svg>", "foreign"),
        ("logo.svg", b"<!DOCTYPE svg [<!ENTITY a 'b'>]><svg>&a;</svg>", "svg"),
        ("logo.svg", b"<html><svg></svg>", "outermost"),
        ("logo.svg", b"\x1f\x8b\x08", "UTF-8"),
        ("logo.svg", b"", "no SVG"),
        ("logo.svg", deep.as_bytes(), "256 KiB"),
        ("logo.png", SVG.as_bytes(), "no PNG"),
        ("logo.png", &wide, "4000 × 10"),
        ("logo.png", cut, "cut off"),
        ("logo.png", b"\x89PNG\r\n\x1a\n", "no PNG"),
        ("logo.jpg", b"x", "only brand.toml, logo.svg"),
        ("Logo.svg", SVG.as_bytes(), "only brand.toml"),
        ("style.css", b"* { display: none }", "only brand.toml"),
        ("brand.toml", b"[organisation]\nnl = \"x\"\n", "missing field `en`"),
        ("brand.toml", b"[organisation]\nnl = \"\"\nen = \"x\"\n", "organisation.nl"),
        ("brand.toml", b"colour = \"#fff\"\n", "unknown field `colour`"),
        ("brand.toml", b"[light]\ntopbar = \"red; } * {\"\n", "is no colour"),
        ("brand.toml", b"[light]\ntopbar = \"#fff\"\n", "is no colour"),
        ("brand.toml", b"[light]\ntopbar = \"#000000\"\n", "dark.topbar"),
        ("brand.toml", b"\xff\xfe", "is no text"),
        (
            "brand.toml",
            b"[light]\nlink = \"#777777\"\n[dark]\nlink = \"#7cc3ff\"\n",
            "light: link #777777 on surface #ffffff has a contrast of 4.47:1",
        ),
        (
            "brand.toml",
            b"[light]\nbutton = \"#005ba9\"\n[dark]\nbutton = \"#cccccc\"\n",
            "dark: button_text #ffffff on button #cccccc",
        ),
    ];
    for (name, content, part) in hostile {
        let mut files: Vec<(&str, &[u8])> = vec![(name, content)];
        if *name != "brand.toml" {
            files.push(("brand.toml", NAMES.as_bytes()));
        }
        let error = read(&files).unwrap_err();
        assert!(error.contains(name) && error.contains(part), "{name}: {error}");
    }
    let error = read(&[("logo.svg", SVG.as_bytes())]).unwrap_err();
    assert!(error.contains("brand.toml") && error.contains("[organisation]"), "{error}");
    let error = read(&[("logo-dark.svg", SVG.as_bytes()), ("brand.toml", NAMES.as_bytes())]);
    assert!(error.unwrap_err().contains("light backgrounds"));
    let missing = Branding::read(Path::new("/nergens/huisstijl")).unwrap_err().to_string();
    assert!(missing.contains("branding.folder") && missing.contains("huisstijl"), "{missing}");
}

#[test]
fn links_lead_nowhere_else() {
    let (outside, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let secret = outside.path().join("ca.key.pem");
    fs::write(&secret, NAMES).unwrap();
    std::os::unix::fs::symlink(&secret, folder.path().join("brand.toml")).unwrap();
    let error = Branding::read(folder.path()).unwrap_err().to_string();
    assert!(error.contains("leads out of the folder"), "{error}");
    // As Kubernetes mounts a ConfigMap.
    fs::remove_file(folder.path().join("brand.toml")).unwrap();
    fs::create_dir(folder.path().join("..2026")).unwrap();
    fs::write(folder.path().join("..2026/brand.toml"), NAMES).unwrap();
    std::os::unix::fs::symlink("..2026/brand.toml", folder.path().join("brand.toml")).unwrap();
    assert!(Branding::read(folder.path()).unwrap().names.is_some());
    fs::remove_file(folder.path().join("brand.toml")).unwrap();
    fs::create_dir(folder.path().join("brand.toml")).unwrap();
    let error = Branding::read(folder.path()).unwrap_err().to_string();
    assert!(error.contains("is not a file"), "{error}");
}
