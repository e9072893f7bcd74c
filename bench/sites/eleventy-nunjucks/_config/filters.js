// What templates do to values, beside what Eleventy and its RSS plugin bring.
const DAY = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" });
const MOMENT = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "short", timeZone: "UTC" });

export default function (config) {
  config.addFilter("readableDate", (date) => DAY.format(date));
  config.addFilter("readableTime", (date) => MOMENT.format(date));
  config.addFilter("readingTime", (html) => {
    const words = html.replace(/<[^>]*>/g, " ").trim().split(/\s+/).length;
    return Math.max(1, Math.round(words / 220));
  });
  config.addFilter("without", (array, others) => array.filter((item) => !others.includes(item)));
  config.addFilter("head", (array, count) => array.slice(0, count));
  config.addFilter("scriptJson", (value) => JSON.stringify(value).replaceAll("<", "\\u003c"));
}
