//! Migrations, templates and static files are compiled in, so a change in them
//! has to compile us again.

fn main() {
    for folder in ["migrations", "templates", "static"] {
        println!("cargo::rerun-if-changed={folder}");
    }
}
