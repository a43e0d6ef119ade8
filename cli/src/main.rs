//! `cargo crosslane`: the command line.
mod fail;
mod project;

fn main() {
    let mut args = std::env::args().skip(1);
    let path = args.next().unwrap_or_default();
    let cwd = std::env::current_dir().expect("cwd");
    let start = std::time::Instant::now();
    let request = project::Request {
        selection: project::Selection {
            manifest: project::find_manifest(Some(std::path::Path::new(&path)), &cwd).expect("x"),
            ..Default::default()
        },
        ..Default::default()
    };
    match project::load(&request) {
        Ok(projects) => {
            for p in projects {
                println!(
                    "{} {} {} {:?} missing {:?} {}",
                    p.name,
                    p.version,
                    p.how,
                    start.elapsed(),
                    p.missing,
                    p.missing_below
                );
                if args.next().is_some() {
                    for q in &p.packages {
                        println!("  {} {} {:?} {:?} {:?}", q.name, q.version, q.features, q.deps, q.missing);
                    }
                }
            }
        }
        Err(error) => println!("error: {error}"),
    }
}
