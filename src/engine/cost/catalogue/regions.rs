//! The regions of each cloud, where they are, and whose law holds there.

/// A place where a cloud runs services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    pub code: &'static str,
    /// The provider's name for it.
    pub name: &'static str,
    pub city: &'static str,
    /// The English name.
    pub country: &'static str,
    /// ISO 3166 alpha-2, lowercase.
    pub country_code: &'static str,
    /// Data kept here stays under one law: `eu` for all members of the European
    /// Union, `us-gov` for government regions, else the country (`us`, `uk`, `jp` …).
    pub residency: &'static str,
    /// Other words people use for the place or its country, lowercase.
    pub also: &'static [&'static str],
}

impl Region {
    /// Everything that names this place in running text, lowercase.
    pub fn words(&self) -> impl Iterator<Item = String> + use<> {
        let own = [self.code, self.city, self.country].map(str::to_lowercase);
        own.into_iter().chain(self.also.iter().map(|it| (*it).to_owned()))
    }
}

/// The regions of a cloud, by code; empty for a cloud that is not known.
pub fn regions(cloud: &str) -> &'static [Region] {
    if cloud == "aws" { AWS } else { &[] }
}

/// The region of that code.
pub fn region(cloud: &str, code: &str) -> Option<&'static Region> {
    regions(cloud).iter().find(|it| it.code == code)
}

macro_rules! regions {
    ($($code:literal $name:literal, $city:literal, $country:literal $country_code:literal $residency:literal $also:expr;)+) => {
        &[$(Region {
            code: $code,
            name: $name,
            city: $city,
            country: $country,
            country_code: $country_code,
            residency: $residency,
            also: &$also,
        },)+]
    };
}

/// The commercial and US government partitions. China is a partition of its own
/// with other accounts, other names in code and prices in another currency.
const AWS: &[Region] = regions! {
    "af-south-1" "Africa (Cape Town)", "Cape Town", "South Africa" "za" "za" ["africa", "south african"];
    "ap-east-1" "Asia Pacific (Hong Kong)", "Hong Kong", "Hong Kong" "hk" "hk" [];
    "ap-east-2" "Asia Pacific (Taipei)", "Taipei", "Taiwan" "tw" "tw" ["taiwanese"];
    "ap-northeast-1" "Asia Pacific (Tokyo)", "Tokyo", "Japan" "jp" "jp" ["japanese"];
    "ap-northeast-2" "Asia Pacific (Seoul)", "Seoul", "South Korea" "kr" "kr" ["korea", "korean"];
    "ap-northeast-3" "Asia Pacific (Osaka)", "Osaka", "Japan" "jp" "jp" ["japanese"];
    "ap-south-1" "Asia Pacific (Mumbai)", "Mumbai", "India" "in" "in" ["indian", "bombay"];
    "ap-south-2" "Asia Pacific (Hyderabad)", "Hyderabad", "India" "in" "in" ["indian"];
    "ap-southeast-1" "Asia Pacific (Singapore)", "Singapore", "Singapore" "sg" "sg" [];
    "ap-southeast-2" "Asia Pacific (Sydney)", "Sydney", "Australia" "au" "au" ["australian"];
    "ap-southeast-3" "Asia Pacific (Jakarta)", "Jakarta", "Indonesia" "id" "id" ["indonesian"];
    "ap-southeast-4" "Asia Pacific (Melbourne)", "Melbourne", "Australia" "au" "au" ["australian"];
    "ap-southeast-5" "Asia Pacific (Malaysia)", "Kuala Lumpur", "Malaysia" "my" "my" ["malaysian"];
    "ap-southeast-6" "Asia Pacific (New Zealand)", "Auckland", "New Zealand" "nz" "nz" [];
    "ap-southeast-7" "Asia Pacific (Thailand)", "Bangkok", "Thailand" "th" "th" ["thai"];
    "ca-central-1" "Canada (Central)", "Montreal", "Canada" "ca" "ca" ["canadian", "montréal", "quebec"];
    "ca-west-1" "Canada West (Calgary)", "Calgary", "Canada" "ca" "ca" ["canadian", "alberta"];
    "eu-central-1" "Europe (Frankfurt)", "Frankfurt", "Germany" "de" "eu" ["german", "deutschland"];
    "eu-central-2" "Europe (Zurich)", "Zurich", "Switzerland" "ch" "ch" ["swiss", "zürich", "schweiz"];
    "eu-north-1" "Europe (Stockholm)", "Stockholm", "Sweden" "se" "eu" ["swedish", "nordic", "nordics", "scandinavia"];
    "eu-south-1" "Europe (Milan)", "Milan", "Italy" "it" "eu" ["italian", "milano", "italia"];
    "eu-south-2" "Europe (Spain)", "Aragon", "Spain" "es" "eu" ["spanish", "españa"];
    "eu-west-1" "Europe (Ireland)", "Dublin", "Ireland" "ie" "eu" ["irish"];
    "eu-west-2" "Europe (London)", "London", "United Kingdom" "gb" "uk" ["uk", "u.k.", "britain", "great britain", "british", "england"];
    "eu-west-3" "Europe (Paris)", "Paris", "France" "fr" "eu" ["french"];
    "il-central-1" "Israel (Tel Aviv)", "Tel Aviv", "Israel" "il" "il" ["israeli"];
    "me-central-1" "Middle East (UAE)", "Dubai", "United Arab Emirates" "ae" "ae" ["uae", "abu dhabi", "emirates"];
    "me-south-1" "Middle East (Bahrain)", "Manama", "Bahrain" "bh" "bh" [];
    "mx-central-1" "Mexico (Central)", "Querétaro", "Mexico" "mx" "mx" ["mexican", "queretaro"];
    "sa-east-1" "South America (São Paulo)", "São Paulo", "Brazil" "br" "br" ["sao paulo", "brazilian", "brasil"];
    "us-east-1" "US East (N. Virginia)", "Virginia", "United States" "us" "us" ["us", "usa", "u.s.", "america", "american", "us east", "east coast", "northern virginia", "n. virginia"];
    "us-east-2" "US East (Ohio)", "Ohio", "United States" "us" "us" ["us", "usa", "columbus", "midwest"];
    "us-gov-east-1" "AWS GovCloud (US-East)", "GovCloud East", "United States" "us" "us-gov" ["govcloud", "fedramp high"];
    "us-gov-west-1" "AWS GovCloud (US-West)", "GovCloud West", "United States" "us" "us-gov" ["govcloud", "fedramp high"];
    "us-west-1" "US West (N. California)", "San Francisco", "United States" "us" "us" ["us", "usa", "california", "bay area"];
    "us-west-2" "US West (Oregon)", "Oregon", "United States" "us" "us" ["us", "usa", "us west", "west coast", "portland"];
};
