"""The configuration: config.toml, parsed into frozen models.

`loading/` reads the file and reports every mistake with its line; `config` is the root
model, and `sections/` has a module for each table.
`values` are the types of single values: durations, rates, addresses;
`cron` and `segment_expression` parse the two small languages;
`podcast_categories` are Apple's;
`secret` reads and masks passwords; `loopback` recognises addresses of this machine.
"""

from syndicate.config.config import Config as Config
from syndicate.config.loading.load import load as load
from syndicate.config.loading.load import missing_feedback_secrets as missing_feedback_secrets
from syndicate.config.loading.load import missing_secrets as missing_secrets
from syndicate.config.loading.load import missing_token as missing_token
from syndicate.config.sections.mail import DomainLimit as DomainLimit
from syndicate.config.sections.mail import RelaySettings as RelaySettings
from syndicate.config.sections.mail import SmtpServer as SmtpServer
from syndicate.config.sections.mail import sessions as sessions
from syndicate.config.sections.newsletters import Criteria as Criteria
from syndicate.config.sections.newsletters import EditionFilter as EditionFilter
from syndicate.config.sections.newsletters import Newsletter as Newsletter
from syndicate.config.sections.newsletters import Schedule as Schedule
from syndicate.config.sections.newsletters import Tracking as Tracking
from syndicate.config.sections.pages import AdSlot as AdSlot
from syndicate.config.values import Rate as Rate
