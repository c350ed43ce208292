//! What people call the services of Azure.

use super::{Entry, named, with};

pub(super) const ENTRIES: &[Entry] = &[
    // Compute.
    with(
        "functions",
        "azure function|azure functions|function app|function apps|functionapp|azure function app|azure functions app|durable function|durable functions|^functions consumption|flex consumption|azure functions premium",
        &[],
    ),
    with(
        "virtual-machines",
        "remote desktop services|rd gateway|rd web access|rds gateway|rds deployment|rds session host|session collection|azure vm|azure vms|azure virtual machine|azure virtual machines|virtual machine|virtual machines|vm|vms|windows vm|linux vm|ubuntu vm|ubuntu server vm|windows server vm|data science vm|data science virtual machine|dsvm|spot vm|ubuntu virtual machine|linux virtual machine|windows virtual machine|centos vm|rhel vm|sles vm|debian vm|freebsd vm|coreos vm|generation 2 vm|confidential vm|iaasvm",
        &[],
    ),
    named(
        "vm-scale-sets",
        "vm scale set|vm scale sets|virtual machine scale set|virtual machine scale sets|vmss|scale set|scale sets|scaleset|vmscaleset|azure scale set|virtual machine scaleset|vm scaleset",
    ),
    with(
        "app-service",
        "azure app service|app service|app services|appservice|azure web app|azure web apps|azure webapp|azure app services|web app for containers|web apps for containers|azure website|azure websites|azure web site|app service web app|webapp|web app on linux|web apps on linux|app service environment web app|app service app|webjob|webjobs|api app|deployment slot|deployment slots|web apps|web app|linux web app|basic web app",
        &[],
    ),
    named(
        "app-service-plan",
        "app service plan|app service plans|hosting plan|appservice plan|server farm|serverfarm|app service hosting plan",
    ),
    named(
        "app-service-environment",
        "app service environment|asev3|asev2|^ase|app service environments|ase v3",
    ),
    named(
        "web-certificates",
        "app service managed certificate|app services managed certificate|app service certificate|app service certificates|managed certificate free",
    ),
    named("static-web-apps", "static web app|static web apps|azure static web app|swa"),
    named(
        "container-apps",
        "container app|container apps|azure container app|azure container apps|containerapp|containerapps|container apps environment|container app environment|aca",
    ),
    named(
        "container-instances",
        "container instance|container instances|azure container instance|azure container instances|aci|container group|container groups",
    ),
    named(
        "container-registry",
        "azure container registry|container registry|acr|container registries",
    ),
    named(
        "aks",
        "aks|azure kubernetes service|azure kubernetes|aks cluster|managed kubernetes cluster aks|azure managed kubernetes",
    ),
    named(
        "container-service-legacy",
        "azure container service|container service|acs cluster|acs engine|dc os cluster",
    ),
    named("openshift", "azure red hat openshift|aro cluster|openshift|red hat openshift"),
    named(
        "service-fabric",
        "service fabric|service fabric cluster|servicefabric|service fabric managed cluster",
    ),
    named(
        "appplatform-spring",
        "azure spring cloud|azure spring apps|spring apps|azure spring app",
    ),
    named("batch", "azure batch|batch account|batch service|batch pool|batch pools"),
    named("availability-sets", "availability set|availability sets|availabilityset"),
    named(
        "compute-gallery",
        "compute gallery|azure compute gallery|shared image gallery|image gallery|image definition",
    ),
    named("vm-images", "managed image|custom image|custom vm image"),
    named(
        "image-builder",
        "image builder|vm image builder|azure image builder|azure vm image builder",
    ),
    named(
        "managed-disks",
        "managed disk|managed disks|data disk|data disks|premium ssd|ultra disk|ultrassd|disk encryption set",
    ),
    named(
        "virtual-desktop",
        "azure virtual desktop|windows virtual desktop|avd|wvd|session host|session hosts",
    ),
    named(
        "devtest-labs",
        "devtest lab|devtest labs|dev test lab|dev test labs|devtestlabs|azure lab",
    ),
    named("labservices-labs", "lab services|azure lab services|lab plan"),
    named("vmware-solution", "azure vmware solution|avs private cloud|vmware solution"),
    named(
        "hardwaresecuritymodules-dedicatedhsms",
        "dedicated hsm|dedicated hsms|payment hsm|azure dedicated hsm",
    ),
    named("storagepool-diskpools", "disk pool|disk pools|diskpool"),
    // Storage.
    with(
        "storage-account",
        "storage account|storage accounts|azure storage account|storageaccount|azure storage|blob storage|azure blob|azure blobs|azure blob storage|blob container|blob containers|blob|storage blob|azure files|azure file share|file share|table storage|queue storage|azure table storage|azure queue storage|storage queue|storage queues|azure storage queue|storage account queue|blob store|premium files|azure storage blob|boot diagnostics",
        &[],
    ),
    named(
        "data-lake",
        "data lake store|azure data lake store|data lake storage|adls|adls gen2|data lake storage gen2|azure data lake storage|azure data lake storage gen2|azure data lake|data lake gen2|data lake store account",
    ),
    named("datalakeanalytics-accounts", "data lake analytics|azure data lake analytics|adla"),
    named("netapp-files", "azure netapp files|netapp files|anf"),
    named(
        "backup-recovery-services",
        "recovery services vault|recovery services vaults|recovery service vault|rs vault|azure backup|azure site recovery|site recovery|recovery services|backup policy|azure vm backup",
    ),
    named("backup-vault", "backup vault|backup vaults"),
    // Data.
    with(
        "sql-database",
        "azure sql|azure sql database|sql database|sql databases|azure sql db|sql azure|azure sql server|sql db|azure sql databases|azure sql logical server|sql elastic pool|elastic pool|elastic pools|sqldb|sql server database|sql paas|sql failover group|sql logical server",
        &[("engine", "sqlserver")],
    ),
    named(
        "sql-managed-instance",
        "sql managed instance|azure sql managed instance|sql mi|managed instance sql|sqlmi|azure sql mi|sql database managed instance",
    ),
    named(
        "sql-vm",
        "sql server vm|sql vm|sql virtual machine|sql server virtual machine|sql server on azure vm|sql server on azure vms|sql iaas|sqlvm|sql server on virtual machine",
    ),
    with(
        "cosmos-db",
        "cosmos db|cosmosdb|cosmos|azure cosmos|azure cosmos db|azure cosmosdb|documentdb account|cosmos db account|cosmos core sql",
        &[],
    ),
    with(
        "postgresql",
        "azure database for postgresql|azure postgresql|azure postgres|postgresql flexible server|postgres flexible server|azure database for postgres|azure database for postgresql flexible server|postgresql single server|hyperscale citus",
        &[("engine", "postgres")],
    ),
    with(
        "mysql",
        "azure database for mysql|azure mysql|mysql flexible server|azure database for mysql flexible server|mysql in app|azure managed mysql|clear db mysql",
        &[("engine", "mysql")],
    ),
    with("mariadb", "azure database for mariadb|azure mariadb", &[("engine", "mariadb")]),
    with(
        "redis-cache",
        "azure redis|azure redis cache|redis cache|azure cache for redis|azure managed redis|redis enterprise cache|azure cache",
        &[("engine", "redis")],
    ),
    named(
        "ai-search",
        "azure search|azure cognitive search|cognitive search|azure ai search|ai search|search service",
    ),
    named(
        "data-explorer",
        "data explorer|azure data explorer|kusto|adx|kusto cluster|data explorer cluster",
    ),
    named(
        "synapse",
        "synapse|azure synapse|synapse analytics|synapse workspace|sql data warehouse|azure sql data warehouse|sql pool|sql dw|dedicated sql pool",
    ),
    named("databricks", "azure databricks|databricks|databricks workspace"),
    named(
        "data-factory",
        "data factory|azure data factory|adf|datafactory|data factories|integration runtime|data factory v2",
    ),
    named("hdinsight", "hdinsight|hd insight|hdinsight cluster|hdi cluster"),
    named("analysis-services", "analysis services|azure analysis services"),
    named("power-bi-embedded", "power bi embedded|powerbi embedded|power bi capacity"),
    named(
        "powerbi-workspacecollections",
        "powerbi workspace collection|power bi workspace collection|workspace collection",
    ),
    named("purview", "purview|microsoft purview|azure purview"),
    named("stream-analytics", "stream analytics|azure stream analytics|stream analytics job"),
    named("time-series-insights", "time series insights|tsi environment"),
    named(
        "blockchain-blockchainmembers",
        "azure blockchain service|blockchain service|blockchain member",
    ),
    named("fabric-capacity", "microsoft fabric|fabric capacity"),
    // Messages and integration.
    named(
        "service-bus",
        "service bus|azure service bus|servicebus|service bus queue|service bus topic|service bus namespace|service bus queues|service bus topics",
    ),
    named(
        "event-hubs",
        "event hub|event hubs|eventhub|eventhubs|azure event hubs|azure event hub|event hub namespace|event hubs namespace",
    ),
    named(
        "eventhub-clusters",
        "event hubs cluster|dedicated event hubs cluster|event hubs dedicated cluster|eventhub cluster|event hubs dedicated|dedicated cluster event hubs",
    ),
    named(
        "event-grid",
        "event grid|eventgrid|azure event grid|event grid topic|event grid subscription|event grid system topic|event grid custom topic",
    ),
    named(
        "logic-apps",
        "logic app|logic apps|logicapp|logicapps|azure logic app|azure logic apps|logic app standard|integration account|power automate connector",
    ),
    named(
        "api-management",
        "api management|azure api management|apim|api management service|apim instance",
    ),
    named("relay", "azure relay|hybrid connection|hybrid connections|relay namespace"),
    named("notification-hubs", "notification hub|notification hubs|azure notification hub"),
    named("signalr", "signalr|azure signalr|azure signalr service|web pubsub|azure web pubsub"),
    named("communication-services", "azure communication services|communication service"),
    // Network.
    named(
        "virtual-network",
        "virtual network|virtual networks|vnet|vnets|azure virtual network|azure vnet|vnet peering|hub vnet|spoke vnet|hub and spoke|subnet|subnets",
    ),
    named(
        "network-security-group",
        "network security group|network security groups|nsg|nsgs|application security group|security rules",
    ),
    named(
        "network-interface",
        "network interface card|nic|nics|network interface|network interfaces",
    ),
    named(
        "public-ip",
        "public ip|public ips|public ip address|public ip addresses|public ip prefix|pip|public ipv4",
    ),
    with(
        "load-balancer",
        "azure load balancer|load balancer|load balancers|internal load balancer|public load balancer|ilb|standard load balancer|loadbalancer|gateway load balancer|cross region load balancer|external load balancer",
        &[],
    ),
    named(
        "application-gateway",
        "application gateway|application gateways|app gateway|appgateway|appgw|azure application gateway|app gw|agic",
    ),
    named(
        "front-door",
        "azure front door classic|front door classic|classic front door|front door service",
    ),
    named(
        "cdn-front-door",
        "front door|frontdoor|azure front door|azure cdn|front door standard|front door premium|cdn profile|cdn endpoint|azure cdn profile|front door standard premium",
    ),
    named(
        "traffic-manager",
        "traffic manager|azure traffic manager|trafficmanager|traffic manager profile",
    ),
    named("dns", "azure dns|dns zone|dns zones|public dns zone|dns record|dns records|public dns"),
    named("private-dns", "private dns|private dns zone|private dns zones|azure private dns"),
    named(
        "network-dnsresolvers",
        "dns private resolver|private dns resolver|azure dns private resolver|dns resolver",
    ),
    named(
        "network-dnsforwardingrulesets",
        "dns forwarding ruleset|forwarding ruleset|dns forwarding rule",
    ),
    named(
        "private-endpoint",
        "private endpoint|private endpoints|azure private endpoint|azure private link|private link|privatelink",
    ),
    named("private-link-service", "private link service|private link services"),
    named(
        "vpn-gateway",
        "azure vpn gateway|vpn gateway|vpn gateways|virtual network gateway|virtual network gateways|vnet gateway|vnet gateways|local network gateway|point to site vpn|site to site vpn|vnet to vnet|vnet to vnet connection|vpn connection|vpn tunnel|p2s vpn|s2s vpn|vpn device|site to site connection",
    ),
    named(
        "expressroute",
        "expressroute|express route|expressroute circuit|expressroute gateway|express route circuit",
    ),
    named(
        "virtual-wan",
        "virtual wan|azure virtual wan|vwan|virtual hub|secured virtual hub|route server|azure route server",
    ),
    named(
        "azure-firewall",
        "azure firewall|azurefirewall|firewall policy|azure firewall policy|firewall manager",
    ),
    named("network-ipgroups", "ip group|ip groups|ipgroups|ipgroup"),
    named("nat-gateway", "nat gateway|azure nat gateway|virtual network nat"),
    named("bastion", "azure bastion|bastion|bastion host|bastion service|azure bastion host"),
    named(
        "ddos-protection",
        "ddos protection|ddos protection plan|azure ddos|ddos plan|ddos network protection",
    ),
    named(
        "route-table",
        "route table|route tables|udr|user defined route|user defined routes|routing table",
    ),
    named("network-watcher", "network watcher|nsg flow log|nsg flow logs|packet capture"),
    named("network-networkprofiles", "network profile|network profiles"),
    named(
        "waf",
        "azure waf|waf policy|waf policies|web application firewall|waf|front door waf|application gateway waf",
    ),
    named(
        "mobilenetwork-mobilenetworks",
        "mobile network|private 5g core|sim policy|mobilenetwork|packet core",
    ),
    // Identity, secrets and governance.
    named(
        "key-vault",
        "key vault|key vaults|azure key vault|keyvault|key vault secret|key vault secrets|managed hsm|key vault key|azure disk encryption",
    ),
    named(
        "managed-identity",
        "managed identity|managed identities|user assigned identity|user assigned managed identity|system assigned identity|msi|user assigned identities|managed service identity",
    ),
    named(
        "authorization",
        "role assignment|role assignments|rbac|role definition|custom role|azure rbac|resource lock",
    ),
    named(
        "entra-id",
        "azure ad|azure active directory|entra id|microsoft entra|entra|aad|microsoft entra id",
    ),
    named("entra-external-id", "azure ad b2c|b2c|entra external id|aad b2c"),
    named(
        "entra-domain-services",
        "azure ad domain services|entra domain services|aadds|azure active directory domain services",
    ),
    named(
        "defender",
        "microsoft defender|defender for cloud|azure defender|azure security center|security center|microsoft defender for cloud|asc",
    ),
    named("sentinel", "sentinel|azure sentinel|microsoft sentinel"),
    named("securityinsights-automationrules", "sentinel automation rule|automation rules sentinel"),
    named(
        "attestation-attestationproviders",
        "attestation provider|azure attestation|attestation providers|microsoft azure attestation",
    ),
    named("blueprint", "azure blueprint|azure blueprints|blueprint definition"),
    named("management-managementgroups", "management group|management groups"),
    named(
        "policy",
        "azure policy|policy assignment|policy definition|policy assignments|policy definitions",
    ),
    named(
        "customproviders-resourceproviders",
        "custom provider|custom providers|custom resource provider|azure custom provider",
    ),
    named(
        "customproviders-associations",
        "custom provider association|custom providers association",
    ),
    named(
        "resourcegraph-queries",
        "resource graph|azure resource graph|resource graph query|resource graph queries|shared query",
    ),
    named(
        "cost-management",
        "azure cost management|cost management|azure budget|cost management export|budget alert",
    ),
    named("maintenance", "maintenance configuration|maintenance configurations|update manager"),
    // Monitoring and automation.
    named(
        "application-insights",
        "application insights|app insights|appinsights|applicationinsights|azure application insights",
    ),
    named(
        "log-analytics",
        "log analytics|log analytics workspace|loganalytics|azure log analytics|operations management suite|oms workspace|log analytics workspaces",
    ),
    named(
        "monitor",
        "azure monitor|metric alert|metric alerts|alert rule|alert rules|action group|action groups|activity log alert|activity log alerts|autoscale setting|autoscale settings|diagnostic setting|diagnostic settings|log alert|azure monitor alert|azure alert|data collection rule|service health alert|smart detector|azure autoscale",
    ),
    named(
        "portal-dashboards",
        "portal dashboard|azure dashboard|azure portal dashboard|shared dashboard",
    ),
    named("managed-grafana", "azure managed grafana|managed grafana"),
    named(
        "automation",
        "automation account|azure automation|automation accounts|runbook|runbooks|automation runbook|azure automation account|automation dsc|desired state configuration",
    ),
    named(
        "app-configuration",
        "app configuration|azure app configuration|app configuration store|appconfiguration|feature flag store",
    ),
    named("load-testing", "azure load testing"),
    // Machine learning and applications.
    named(
        "machine-learning",
        "azure machine learning|azure ml|machine learning workspace|aml workspace|azureml|aml|azure machine learning workspace|machine learning service|azure machine learning service|machine learning compute|compute instance|aml compute",
    ),
    named(
        "cognitive-services",
        "cognitive services|cognitive service|azure cognitive services|azure ai services|azure openai|openai service|azure openai service|form recognizer|document intelligence|azure ai foundry|computer vision api|text analytics|language understanding|luis|speech service|azure ai vision|face api|custom vision|translator text|azure ai",
    ),
    named(
        "bot-service",
        "bot service|azure bot|azure bot service|bot framework|web app bot|health bot",
    ),
    named("media-services", "media services|azure media services|media service"),
    named("maps", "azure maps|azure maps account"),
    named(
        "health-data-services",
        "health data services|azure api for fhir|fhir service|dicom service|azure health data",
    ),
    named("iot-hub", "iot hub|iot hubs|azure iot hub|iothub|iot hub device"),
    named(
        "iot-dps",
        "device provisioning service|iot hub device provisioning service|iot dps|azure dps",
    ),
    named("iot-central", "iot central"),
    named("iot-edge", "iot edge|azure iot edge"),
    named("device-update", "device update for iot hub|device update"),
    named("digital-twins", "digital twins|azure digital twins|digital twin"),
    named("arc", "azure arc"),
    named("devops", "azure devops|azure pipelines|azure repos"),
];
