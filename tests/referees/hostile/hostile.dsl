workspace "']; end subgraph x['" "$ {substituted} $x /" {
    model {
        system = softwareSystem "']; end subgraph x['" "$ {substituted} $x /" {
            c_part_0 = container "']; end subgraph x['" "1. a list" "%%{init: {'theme':'dark'}}%%" "Compute" {
                properties {
                    "component" "part-0"
                    "us-dollars-a-month" "1.00"
                }
            }
            c_part_1 = container "</script><script>alert(1)</script>" "- another" "`**markdown** [link](javascript:alert(1))`" "Compute" {
                properties {
                    "component" "part-1"
                    "us-dollars-a-month" "1.00"
                }
            }
            c_part_2 = container "a -->|b| c" "#quot; &quot; &#34; ]]>" "1. a list" "Security and identity" {
                properties {
                    "component" "part-2"
                    "us-dollars-a-month" "1.00"
                }
            }
            c_part_3 = container "%%{init: {'theme':'dark'}}%%" "$ {substituted} $x /" "- another" "Network and delivery" {
                properties {
                    "component" "part-3"
                    "us-dollars-a-month" "1.00"
                }
            }
            c_part_4 = container "`**markdown** [link](javascript:alert(1))`" "line break tab and null" "#quot; &quot; &#34; ]]>" "Network and delivery" {
                properties {
                    "component" "part-4"
                    "us-dollars-a-month" "1.00"
                }
            }
            c_part_5 = container "1. a list" "} { ; : | # // /* */" "$ {substituted} $x /" "Databases" {
                properties {
                    "component" "part-5"
                    "us-dollars-a-month" "1.00"
                }
            }
            c_part_6 = container "- another" "'; drop table label; --" "line break tab and null" "Storage" {
                properties {
                    "component" "part-6"
                    "us-dollars-a-month" "1.00"
                }
            }
            c_part_7 = container "#quot; &quot; &#34; ]]>" "日本語 العربية 🙂" "} { ; : | # // /* */" "Messaging" {
                properties {
                    "component" "part-7"
                    "us-dollars-a-month" "1.00"
                }
            }
            c_part_8 = container "$ {substituted} $x /" "/' /n /" "'; drop table label; --" "Analytics" {
                properties {
                    "component" "part-8"
                    "us-dollars-a-month" "1.00"
                }
            }
            c_part_9 = container "line break tab and null" "']; end subgraph x['" "日本語 العربية 🙂" "Analytics" {
                properties {
                    "component" "part-9"
                    "us-dollars-a-month" "1.00"
                }
            }
            c_part_10 = container "} { ; : | # // /* */" "</script><script>alert(1)</script>" "/' /n /" "Machine learning" {
                properties {
                    "component" "part-10"
                    "us-dollars-a-month" "1.00"
                }
            }
            c_part_11 = container "'; drop table label; --" "a -->|b| c" "']; end subgraph x['" "Security and identity" {
                properties {
                    "component" "part-11"
                    "us-dollars-a-month" "1.00"
                }
            }
            c_part_12 = container "日本語 العربية 🙂" "%%{init: {'theme':'dark'}}%%" "</script><script>alert(1)</script>" "Operations" {
                properties {
                    "component" "part-12"
                    "us-dollars-a-month" "1.00"
                }
            }
            c_part_13 = container "/' /n /" "`**markdown** [link](javascript:alert(1))`" "a -->|b| c" "Build and release" {
                properties {
                    "component" "part-13"
                    "us-dollars-a-month" "1.00"
                }
            }
        }
        c_part_0 -> c_part_1 "} { ; : | # // /* */"
        c_part_1 -> c_part_2 "'; drop table label; --"
        c_part_2 -> c_part_3 "日本語 العربية 🙂"
        c_part_3 -> c_part_4 "/' /n /"
        c_part_4 -> c_part_5 "']; end subgraph x['"
        c_part_5 -> c_part_6 "</script><script>alert(1)</script>"
        c_part_6 -> c_part_7 "a -->|b| c"
        c_part_7 -> c_part_8 "%%{init: {'theme':'dark'}}%%"
        c_part_8 -> c_part_9 "`**markdown** [link](javascript:alert(1))`"
        c_part_9 -> c_part_10 "1. a list"
        c_part_10 -> c_part_11 "- another"
        c_part_11 -> c_part_12 "#quot; &quot; &#34; ]]>"
        c_part_12 -> c_part_13 "$ {substituted} $x /"
        cloud = deploymentEnvironment "better" {
            g_cloud = deploymentNode "</script><script>alert(1)</script>" "" {
                g_region = deploymentNode "a -->|b| c" "%%{init: {'theme':'dark'}}%%" {
                    containerInstance c_part_1
                    containerInstance c_part_3
                    containerInstance c_part_5
                    containerInstance c_part_7
                    containerInstance c_part_9
                    containerInstance c_part_11
                    containerInstance c_part_13
                }
                containerInstance c_part_0
                containerInstance c_part_2
                containerInstance c_part_4
                containerInstance c_part_6
                containerInstance c_part_8
                containerInstance c_part_10
                containerInstance c_part_12
            }
        }
    }
    views {
        systemContext system "context" {
            include *
            autoLayout lr
        }
        container system "containers" {
            include *
            autoLayout lr
        }
        deployment system cloud "deployment" {
            include *
            autoLayout lr
        }
        styles {
            element "Person" {
                shape Person
            }
            element "Compute" {
                background "#bf5600"
                color "#ffffff"
                shape RoundedBox
            }
            element "Storage" {
                background "#4c7a12"
                color "#ffffff"
                shape Cylinder
            }
            element "Databases" {
                background "#a624b5"
                color "#ffffff"
                shape Cylinder
            }
            element "Network and delivery" {
                background "#7440e0"
                color "#ffffff"
                shape RoundedBox
            }
            element "Security and identity" {
                background "#c42b41"
                color "#ffffff"
                shape RoundedBox
            }
            element "Messaging" {
                background "#cc1769"
                color "#ffffff"
                shape Pipe
            }
            element "Analytics" {
                background "#5b4fd0"
                color "#ffffff"
                shape RoundedBox
            }
            element "Machine learning" {
                background "#01796a"
                color "#ffffff"
                shape RoundedBox
            }
            element "Operations" {
                background "#a51d6d"
                color "#ffffff"
                shape RoundedBox
            }
            element "Build and release" {
                background "#2f62c4"
                color "#ffffff"
                shape RoundedBox
            }
            relationship "Asynchronous" {
                dashed true
            }
        }
    }
}
