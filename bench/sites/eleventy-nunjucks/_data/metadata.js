export default {
  title: "Bench Post",
  url: "https://news.example.org",
  language: "en",
  description: "News from the harbour, the islands and the coast",
  feedSize: 50,
};
