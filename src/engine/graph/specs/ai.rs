//! Models, trained and ready-made.

use super::spec;

spec! {
    ModelEndpoint {
        instance_type: Option<String> = None, instances_min: u32 = 1, instances_max: u32 = 2,
        serverless: bool = false, memory_mb: u32 = 2048, requests_per_month: f64 = 100_000.0,
        duration_ms: f64 = 200.0,
        /// Online and offline feature store.
        feature_store: bool = false,
        training_hours_per_month: f64 = 0.0,
        notebook: bool = false,
    }
    FoundationModel {
        /// Model family as the text names it.
        model: String = "claude".to_owned(),
        input_tokens_per_month: f64 = 10_000_000.0, output_tokens_per_month: f64 = 2_000_000.0,
        knowledge_base: bool = false, agent: bool = false, guardrail: bool = true,
    }
    DocumentExtraction { pages_per_month: f64 = 1000.0, forms: bool = false }
    TextAnalysis { units_per_month: f64 = 10_000.0 }
    ImageAnalysis { images_per_month: f64 = 10_000.0 }
    SpeechToText { minutes_per_month: f64 = 1000.0 }
    EnterpriseSearch { enterprise: bool = false }
    Chatbot { requests_per_month: f64 = 10_000.0 }
}
