export default {
  title: "Bench Post",
  url: "https://news.example.org",
  language: "en",
  description: "News from the harbour, the islands and the coast",
  feedSize: 50,
  sections: ["City", "Islands", "Business", "Culture", "Science", "Sport", "Weather", "Opinion"],
  newsletter: "The Morning Post",
  promise: "What happened on the coast overnight, before your first coffee.",
};
