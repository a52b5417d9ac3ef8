import {
  Alert,
  Button,
  Card,
  CardBody,
  CardFooter,
  CardHeader,
  CardTitle,
  DescriptionList,
  Grid,
  GridItem,
  PageSection,
  Skeleton,
} from "@patternfly/react-core";
import { useState } from "react";
import { graphql, useFragment } from "react-relay";

import { ExactTime } from "../../components/ExactTime";
import { Fact } from "../../components/Fact";
import { HelpButton } from "../../components/HelpButton";
import { RelativeTime } from "../../components/RelativeTime";
import { formatCount } from "../../lib/numbers";
import { isAdmin } from "../../lib/reader";
import { formatDuration } from "../../lib/time";
import { useRefresh } from "../../relay/useRefresh";
import { PageHeading } from "../../shell/PageHeading";
import { QueryBoundary, usePageQuery } from "../../shell/QueryBoundary";
import { LedgerGaps } from "./LedgerGaps";
import { LedgerHistory } from "./LedgerHistory";
import { LedgerMismatches } from "./LedgerMismatches";
import { LedgerRepairs } from "./LedgerRepairs";
import { RecheckDialog } from "./RecheckDialog";
import type { LedgerPage_ledger$key } from "./__generated__/LedgerPage_ledger.graphql";
import type { LedgerPageQuery } from "./__generated__/LedgerPageQuery.graphql";

const ASK_EVERY = 10_000;

const query = graphql`
  query LedgerPageQuery {
    viewer {
      user {
        id
        role
      }
    }
    admin {
      ledger {
        ...LedgerPage_ledger
      }
    }
  }
`;

function Loaded() {
  const { admin, viewer } = usePageQuery<LedgerPageQuery>(query, {});
  useRefresh<LedgerPageQuery>(query, {}, ASK_EVERY);
  const [isRechecking, setRechecking] = useState(false);
  const ledger = useFragment<LedgerPage_ledger$key>(
    graphql`
      fragment LedgerPage_ledger on Ledger {
        checkedUntil
        lagSeconds
        settleSeconds
        newestEventAt
        gapSeconds
        repaired
        mismatches
        missingInLog
        lastError
        failingSince
        nextTryAt
        history {
          ...LedgerHistory_history
        }
        ...LedgerGaps_ledger
        ...LedgerRepairs_ledger
        ...LedgerMismatches_ledger
      }
    `,
    admin.ledger,
  );
  const { failingSince, lagSeconds, gapSeconds, checkedUntil, nextTryAt } = ledger;
  return (
    <Grid hasGutter>
      {failingSince ? (
        <GridItem>
          <Alert isInline variant="danger" component="h2" title="LiteLLM’s spend log can’t be read">
            Calls are booked as LiteLLM reports them, but nobody looks for those whose report was lost. It has failed
            since <RelativeTime at={failingSince} />
            {nextTryAt ? (
              <>
                {" "}
                and is tried again <RelativeTime at={nextTryAt} />
              </>
            ) : null}
            . {ledger.lastError}
          </Alert>
        </GridItem>
      ) : null}
      <GridItem>
        <Card>
          <CardHeader actions={{ actions: <HelpButton about="compared" />, hasNoOffset: true }}>
            <CardTitle component="h2">Compared with LiteLLM</CardTitle>
          </CardHeader>
          <CardBody>
            <DescriptionList columnModifier={{ default: "1Col", sm: "2Col", xl: "3Col" }}>
              <Fact name="Compared up to">{checkedUntil ? <ExactTime at={checkedUntil} /> : "Nothing yet"}</Fact>
              <Fact name="Behind by">
                {lagSeconds == null
                  ? "–"
                  : `${formatDuration(lagSeconds * 1000)}; LiteLLM’s log is complete after ${formatDuration(ledger.settleSeconds * 1000)}`}
              </Fact>
              <Fact name="Newest call">{ledger.newestEventAt ? <ExactTime at={ledger.newestEventAt} /> : "None yet"}</Fact>
              <Fact name="Gaps">{gapSeconds > 0 ? `${formatDuration(gapSeconds * 1000)} in all` : "None"}</Fact>
              <Fact name="Lost reports made up for">{calls(ledger.repaired)}</Fact>
              <Fact name="Booked with other numbers">{calls(ledger.mismatches)}</Fact>
              <Fact name="Not in LiteLLM’s log">{calls(ledger.missingInLog)}</Fact>
            </DescriptionList>
          </CardBody>
          {isAdmin(viewer.user) ? (
            <CardFooter>
              <Button variant="secondary" onClick={() => setRechecking(true)}>
                Compare a time again
              </Button>
            </CardFooter>
          ) : null}
        </Card>
      </GridItem>
      {ledger.history ? (
        <GridItem>
          <LedgerHistory history={ledger.history} />
        </GridItem>
      ) : null}
      <GridItem>
        <LedgerGaps ledger={ledger} />
      </GridItem>
      <GridItem>
        <LedgerRepairs ledger={ledger} />
      </GridItem>
      <GridItem>
        <LedgerMismatches ledger={ledger} />
      </GridItem>
      {isRechecking ? <RecheckDialog onClose={() => setRechecking(false)} /> : null}
    </Grid>
  );
}

const calls = (count: number) => (count === 0 ? "None" : count === 1 ? "1 call" : `${formatCount(count)} calls`);

/** How the ledger stands beside LiteLLM's own spend log. */
export function LedgerPage() {
  return (
    <>
      <PageHeading
        title="Ledger"
        description="Every call that LiteLLM reports is booked here. LiteLLM’s own spend log tells whether one is missing."
      />
      <PageSection isFilled>
        <QueryBoundary skeleton={<Skeleton height="24rem" screenreaderText="Loading how the ledger stands" />}>
          <Loaded />
        </QueryBoundary>
      </PageSection>
    </>
  );
}
