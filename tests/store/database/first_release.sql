CREATE TABLE token_buckets (
    name TEXT NOT NULL CONSTRAINT pk_token_buckets PRIMARY KEY, used_until BIGINT NOT NULL,
    apiece BIGINT NOT NULL
);
CREATE TABLE articles (
    key $serial CONSTRAINT pk_articles PRIMARY KEY$autoincrement, id TEXT NOT NULL,
    slug TEXT NOT NULL, path TEXT, source VARCHAR(64) NOT NULL, first_seen BIGINT NOT NULL,
    retracted_at BIGINT, number INTEGER, numbered_breaking BOOLEAN NOT NULL DEFAULT $false,
    revision INTEGER NOT NULL, status VARCHAR(16) NOT NULL, published_at BIGINT NOT NULL,
    breaking BOOLEAN NOT NULL, change INTEGER NOT NULL DEFAULT '0',
    CONSTRAINT uq_articles_id UNIQUE (id), CONSTRAINT uq_articles_slug UNIQUE (slug),
    CONSTRAINT uq_articles_path UNIQUE (path), CONSTRAINT uq_articles_number UNIQUE (number)
);
CREATE INDEX ix_articles_breaking_numbered_breaking ON articles (breaking, numbered_breaking);
CREATE INDEX ix_articles_change ON articles (change);
CREATE INDEX ix_articles_published_at ON articles (published_at);
CREATE INDEX ix_articles_source ON articles (source);
CREATE TABLE changes (
    key $bigserial CONSTRAINT pk_changes PRIMARY KEY$autoincrement, subscriber INTEGER NOT NULL,
    at BIGINT NOT NULL, action VARCHAR(16) NOT NULL, newsletter TEXT, who VARCHAR(16) NOT NULL,
    how TEXT NOT NULL, origin TEXT NOT NULL, detail TEXT NOT NULL
);
CREATE INDEX ix_changes_at ON changes (at);
CREATE INDEX ix_changes_subscriber ON changes (subscriber);
CREATE TABLE clicks (
    key $bigserial CONSTRAINT pk_clicks PRIMARY KEY$autoincrement, edition INTEGER NOT NULL,
    link INTEGER NOT NULL, subscriber INTEGER, at BIGINT NOT NULL, machine BOOLEAN NOT NULL,
    agent VARCHAR(80) NOT NULL
);
CREATE INDEX ix_clicks_at ON clicks (at);
CREATE INDEX ix_clicks_edition_link ON clicks (edition, link);
CREATE INDEX ix_clicks_subscriber ON clicks (subscriber);
CREATE TABLE contents (
    hash VARCHAR(64) NOT NULL CONSTRAINT pk_contents PRIMARY KEY, subject TEXT NOT NULL,
    preheader TEXT NOT NULL, html TEXT NOT NULL, text TEXT NOT NULL, nonce TEXT NOT NULL
);
CREATE TABLE deliveries (
    edition INTEGER NOT NULL, subscriber INTEGER NOT NULL, state VARCHAR(16) NOT NULL,
    attempt INTEGER NOT NULL, owner TEXT, lease_until BIGINT, next_attempt_at BIGINT,
    code INTEGER NOT NULL, reply TEXT NOT NULL, at BIGINT NOT NULL,
    CONSTRAINT pk_deliveries PRIMARY KEY (edition, subscriber)
);
CREATE INDEX ix_deliveries_put_off ON deliveries (edition, next_attempt_at)
    WHERE next_attempt_at IS NOT NULL;
CREATE INDEX ix_deliveries_state_edition_subscriber ON deliveries (state, edition, subscriber);
CREATE TABLE delivery_events (
    key $bigserial CONSTRAINT pk_delivery_events PRIMARY KEY$autoincrement,
    edition INTEGER NOT NULL, subscriber INTEGER NOT NULL, attempt INTEGER NOT NULL,
    event VARCHAR(16) NOT NULL, code INTEGER NOT NULL, reply TEXT NOT NULL, at BIGINT NOT NULL
);
CREATE INDEX ix_delivery_events_edition_subscriber ON delivery_events (edition, subscriber);
CREATE TABLE control_records (
    key $bigserial CONSTRAINT pk_control_records PRIMARY KEY$autoincrement,
    edition INTEGER NOT NULL, at BIGINT NOT NULL, act VARCHAR(16) NOT NULL,
    who VARCHAR(16) NOT NULL, how TEXT NOT NULL, detail TEXT NOT NULL, tried INTEGER NOT NULL,
    failed INTEGER NOT NULL
);
CREATE INDEX ix_control_records_edition ON control_records (edition);
CREATE TABLE engines (
    engine TEXT NOT NULL CONSTRAINT pk_engines PRIMARY KEY, change INTEGER NOT NULL,
    at BIGINT NOT NULL
);
CREATE TABLE erasures (
    hash VARCHAR(64) NOT NULL CONSTRAINT pk_erasures PRIMARY KEY, at BIGINT NOT NULL
);
CREATE TABLE fires (
    schedule TEXT NOT NULL, slot TEXT NOT NULL, due_at BIGINT NOT NULL,
    outcome VARCHAR(16) NOT NULL, reason TEXT NOT NULL, node TEXT NOT NULL, at BIGINT NOT NULL,
    CONSTRAINT pk_fires PRIMARY KEY (schedule, slot)
);
CREATE INDEX ix_fires_schedule_due_at ON fires (schedule, due_at);
CREATE TABLE former_addresses (
    address TEXT NOT NULL CONSTRAINT pk_former_addresses PRIMARY KEY,
    subscriber INTEGER NOT NULL
);
CREATE INDEX ix_former_addresses_subscriber ON former_addresses (subscriber);
CREATE TABLE heartbeats (
    what VARCHAR(16) NOT NULL CONSTRAINT pk_heartbeats PRIMARY KEY, at BIGINT NOT NULL
);
CREATE TABLE holds (
    what TEXT NOT NULL CONSTRAINT pk_holds PRIMARY KEY, until BIGINT NOT NULL,
    strikes INTEGER NOT NULL, reason TEXT NOT NULL, since BIGINT NOT NULL
);
CREATE TABLE keys (
    name TEXT NOT NULL CONSTRAINT pk_keys PRIMARY KEY, secret $bytes NOT NULL
);
CREATE TABLE counters (
    name TEXT NOT NULL, starts_at BIGINT NOT NULL, count INTEGER NOT NULL,
    CONSTRAINT pk_counters PRIMARY KEY (name, starts_at)
);
CREATE INDEX ix_counters_starts_at ON counters (starts_at);
CREATE TABLE media (
    src TEXT NOT NULL CONSTRAINT pk_media PRIMARY KEY, type TEXT NOT NULL,
    width INTEGER NOT NULL, height INTEGER NOT NULL, length INTEGER NOT NULL,
    variants JSON NOT NULL DEFAULT '[]'
);
CREATE TABLE send_rates (
    owner TEXT NOT NULL, relay TEXT NOT NULL, at BIGINT NOT NULL, sessions INTEGER NOT NULL,
    accepted INTEGER NOT NULL, deferred INTEGER NOT NULL, failed INTEGER NOT NULL,
    per_second FLOAT NOT NULL, note TEXT NOT NULL,
    CONSTRAINT pk_send_rates PRIMARY KEY (owner, relay)
);
CREATE TABLE outgoing_calls (
    kind VARCHAR(16) NOT NULL, endpoint TEXT NOT NULL, topic TEXT NOT NULL, host TEXT NOT NULL,
    version TEXT NOT NULL, delivered TEXT NOT NULL, payload JSON NOT NULL, due_at BIGINT,
    claimed BOOLEAN NOT NULL, attempts INTEGER NOT NULL, error TEXT NOT NULL, expires_at BIGINT,
    CONSTRAINT pk_outgoing_calls PRIMARY KEY (kind, endpoint, topic)
);
CREATE INDEX ix_outgoing_calls_due_at ON outgoing_calls (kind, due_at);
CREATE INDEX ix_outgoing_calls_expires_at ON outgoing_calls (expires_at);
CREATE INDEX ix_outgoing_calls_host ON outgoing_calls (kind, host);
CREATE TABLE backoffs (
    endpoint TEXT NOT NULL CONSTRAINT pk_backoffs PRIMARY KEY, until BIGINT NOT NULL
);
CREATE TABLE renames (
    old TEXT NOT NULL CONSTRAINT pk_renames PRIMARY KEY, new TEXT NOT NULL, at BIGINT NOT NULL
);
CREATE TABLE confirmations (
    letter INTEGER NOT NULL CONSTRAINT pk_confirmations PRIMARY KEY, subscriber INTEGER NOT NULL,
    kind VARCHAR(16) NOT NULL, asked JSON NOT NULL, at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL, done_at BIGINT
);
CREATE INDEX ix_confirmations_subscriber ON confirmations (subscriber);
CREATE TABLE schedules (
    name TEXT NOT NULL CONSTRAINT pk_schedules PRIMARY KEY, fingerprint TEXT NOT NULL,
    since BIGINT NOT NULL, newsletter TEXT, begins_after INTEGER, begun_at BIGINT
);
CREATE TABLE subscribers (
    key $serial CONSTRAINT pk_subscribers PRIMARY KEY$autoincrement, address TEXT NOT NULL,
    email TEXT NOT NULL, name TEXT NOT NULL, created_at BIGINT NOT NULL, language TEXT,
    fields JSON NOT NULL DEFAULT '{}', paused_until BIGINT,
    CONSTRAINT uq_subscribers_address UNIQUE (address)
);
CREATE TABLE suppressions (
    address TEXT NOT NULL CONSTRAINT pk_suppressions PRIMARY KEY, reason TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE TABLE addresses (
    slug TEXT NOT NULL CONSTRAINT pk_addresses PRIMARY KEY, article INTEGER NOT NULL,
    CONSTRAINT fk_addresses_article FOREIGN KEY (article) REFERENCES articles (key)
);
CREATE INDEX ix_addresses_article ON addresses (article);
CREATE TABLE editions (
    key $serial CONSTRAINT pk_editions PRIMARY KEY$autoincrement, newsletter TEXT NOT NULL,
    schedule TEXT, kind VARCHAR(16) NOT NULL, content VARCHAR(64) NOT NULL,
    upto INTEGER NOT NULL, created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL,
    on_unknown VARCHAR(16) NOT NULL, everybody BOOLEAN NOT NULL DEFAULT $true,
    state VARCHAR(16) NOT NULL DEFAULT 'sending', successor INTEGER, original INTEGER,
    slot_at BIGINT,
    CONSTRAINT fk_editions_content FOREIGN KEY (content) REFERENCES contents (hash)
);
CREATE INDEX ix_editions_newsletter ON editions (newsletter);
CREATE INDEX ix_editions_original ON editions (original);
CREATE INDEX ix_editions_schedule ON editions (schedule);
CREATE TABLE bodies (
    article INTEGER NOT NULL CONSTRAINT pk_bodies PRIMARY KEY, rules VARCHAR(64) NOT NULL,
    opening JSON NOT NULL, body JSON NOT NULL,
    CONSTRAINT fk_bodies_article FOREIGN KEY (article) REFERENCES articles (key)
);
CREATE TABLE private_feeds (
    subscriber INTEGER NOT NULL CONSTRAINT pk_private_feeds PRIMARY KEY,
    secret VARCHAR(64) NOT NULL, granted_at BIGINT NOT NULL,
    CONSTRAINT fk_private_feeds_subscriber FOREIGN KEY (subscriber) REFERENCES subscribers (key)
);
CREATE TABLE revisions (
    article INTEGER NOT NULL, number INTEGER NOT NULL, saved_at BIGINT NOT NULL,
    title TEXT NOT NULL, body TEXT NOT NULL, status VARCHAR(16) NOT NULL, date BIGINT,
    updated BIGINT, section TEXT, tags JSON NOT NULL, authors JSON NOT NULL,
    contributors JSON NOT NULL, breaking BOOLEAN NOT NULL, summary TEXT NOT NULL,
    excerpt TEXT NOT NULL, image JSON, figures JSON NOT NULL, canonical_url TEXT, comments JSON,
    language TEXT, audio JSON, translations JSON NOT NULL DEFAULT '{}',
    old_addresses JSON NOT NULL DEFAULT '[]', extra JSON NOT NULL,
    CONSTRAINT fk_revisions_article FOREIGN KEY (article) REFERENCES articles (key),
    CONSTRAINT pk_revisions PRIMARY KEY (article, number)
);
CREATE TABLE subscriber_tags (
    subscriber INTEGER NOT NULL, tag TEXT NOT NULL,
    CONSTRAINT fk_subscriber_tags_subscriber FOREIGN KEY (subscriber) REFERENCES subscribers (key),
    CONSTRAINT pk_subscriber_tags PRIMARY KEY (subscriber, tag)
);
CREATE INDEX ix_subscriber_tags_tag ON subscriber_tags (tag);
CREATE TABLE subscriptions (
    subscriber INTEGER NOT NULL, newsletter TEXT NOT NULL, state VARCHAR(16) NOT NULL,
    since INTEGER NOT NULL, at BIGINT NOT NULL, source TEXT NOT NULL,
    CONSTRAINT fk_subscriptions_subscriber FOREIGN KEY (subscriber) REFERENCES subscribers (key),
    CONSTRAINT pk_subscriptions PRIMARY KEY (subscriber, newsletter)
);
CREATE INDEX ix_subscriptions_newsletter_state ON subscriptions (newsletter, state);
CREATE TABLE tags (
    tag TEXT NOT NULL, article INTEGER NOT NULL,
    CONSTRAINT fk_tags_article FOREIGN KEY (article) REFERENCES articles (key),
    CONSTRAINT pk_tags PRIMARY KEY (tag, article)
);
CREATE INDEX ix_tags_article ON tags (article);
CREATE TABLE edition_items (
    edition INTEGER NOT NULL, position INTEGER NOT NULL, article INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    CONSTRAINT fk_edition_items_edition FOREIGN KEY (edition) REFERENCES editions (key),
    CONSTRAINT pk_edition_items PRIMARY KEY (edition, position)
);
CREATE INDEX ix_edition_items_article ON edition_items (article);
CREATE TABLE edition_links (
    edition INTEGER NOT NULL, position INTEGER NOT NULL, address TEXT NOT NULL,
    CONSTRAINT fk_edition_links_edition FOREIGN KEY (edition) REFERENCES editions (key),
    CONSTRAINT pk_edition_links PRIMARY KEY (edition, position)
)
