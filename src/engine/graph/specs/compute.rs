//! Where code runs.

use super::{choice, spec};

choice! {
    /// Processor architecture.
    Arch { Arm64 = "arm64", X86 = "x86_64" }
    /// Operating system of a machine.
    Os { Linux = "linux", Windows = "windows" }
    /// Language runtime of a function.
    Runtime {
        Python = "python", Node = "node", Java = "java", Dotnet = "dotnet", Go = "go", Ruby = "ruby",
    }
}

spec! {
    /// Code that runs per event and scales to zero.
    Function {
        runtime: Runtime = Runtime::Python,
        arch: Arch = Arch::Arm64,
        memory_mb: u32 = 256,
        timeout_seconds: u32 = 30,
        /// Invocations in a month of expected load.
        requests_per_month: f64 = 100_000.0,
        /// Billed duration of one invocation.
        duration_ms: f64 = 120.0,
        /// Inside the network's private subnets.
        in_network: bool = false,
        /// Upper limit of concurrent executions; none uses the account's pool.
        reserved_concurrency: Option<u32> = None,
        /// Kept warm against cold starts.
        provisioned_concurrency: u32 = 0,
        /// Concurrency at peak, from which limits follow.
        peak_concurrency: f64 = 1.0,
    }

    /// Containers without machines to manage.
    ContainerService {
        arch: Arch = Arch::Arm64,
        vcpu: f64 = 0.25,
        memory_gib: f64 = 0.5,
        tasks_min: u32 = 1,
        tasks_max: u32 = 4,
        /// Tasks that run at expected load, for cost.
        tasks_average: f64 = 1.0,
        port: u32 = 8080,
        /// Interruptible capacity for part of the tasks.
        spot: bool = false,
        /// Machines instead of serverless capacity, by instance type.
        instance_type: Option<String> = None,
        log_gb_per_month: f64 = 1.0,
    }

    /// A managed Kubernetes control plane with its nodes.
    KubernetesCluster {
        arch: Arch = Arch::Arm64,
        vcpu_per_node: f64 = 2.0,
        memory_gib_per_node: f64 = 8.0,
        /// When the text names one.
        instance_type: Option<String> = None,
        nodes_min: u32 = 2,
        nodes_max: u32 = 4,
        nodes_average: f64 = 2.0,
        disk_gb: u32 = 50,
        serverless_nodes: bool = false,
        spot: bool = false,
        public_endpoint: bool = false,
        log_gb_per_month: f64 = 5.0,
    }

    /// Machines with an operating system.
    VirtualMachines {
        os: Os = Os::Linux,
        arch: Arch = Arch::Arm64,
        vcpu: f64 = 2.0,
        memory_gib: f64 = 4.0,
        /// When the text names one.
        instance_type: Option<String> = None,
        /// Without auto scaling: how many. With it: how many on average.
        count: u32 = 1,
        disk_gb: u32 = 20,
        spot: bool = false,
        /// Reachable from the internet on its port.
        public: bool = false,
        port: u32 = 80,
    }

    /// Keeps a number of machines running and follows load.
    MachineScaling {
        min: u32 = 1,
        max: u32 = 4,
        desired: u32 = 2,
        target_cpu_percent: u32 = 60,
    }

    /// Queued jobs on capacity that comes and goes.
    BatchCompute {
        arch: Arch = Arch::X86,
        vcpu: f64 = 1.0,
        memory_gib: f64 = 2.0,
        max_vcpus: u32 = 16,
        jobs_per_month: f64 = 300.0,
        minutes_per_job: f64 = 10.0,
        gpu: u32 = 0,
        spot: bool = false,
        /// Machines instead of serverless capacity.
        machines: bool = false,
    }

    /// A container or repository behind a managed HTTPS address.
    WebService {
        vcpu: f64 = 1.0,
        memory_gib: f64 = 2.0,
        instances_min: u32 = 1,
        instances_max: u32 = 5,
        /// Share of the time that instances are active.
        active_share: f64 = 0.3,
        port: u32 = 8080,
    }

    /// A platform that runs an application on machines it manages.
    AppPlatform {
        platform: &'static str = "Python",
        vcpu: f64 = 2.0,
        memory_gib: f64 = 4.0,
        instances_min: u32 = 1,
        instances_max: u32 = 4,
        load_balanced: bool = true,
    }

    /// Hosting of a front end with builds from a repository.
    VirtualServer { memory_gib: f64 = 2.0 }
    WebHosting {
        gb_served_per_month: f64 = 10.0,
        build_minutes_per_month: f64 = 100.0,
    }
}
