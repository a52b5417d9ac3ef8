import {
  Alert,
  Card,
  CardBody,
  CardTitle,
  Content,
  DescriptionList,
  Grid,
  GridItem,
  Label,
  type LabelProps,
  PageSection,
  Skeleton,
} from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { graphql } from "react-relay";
import { Link } from "react-router";

import { Fact } from "../../components/Fact";
import { RelativeTime } from "../../components/RelativeTime";
import { readable } from "../../lib/labels";
import { formatCount } from "../../lib/numbers";
import { useNow } from "../../lib/useNow";
import { useRefresh } from "../../relay/useRefresh";
import { PageHeading } from "../../shell/PageHeading";
import { QueryBoundary, usePageQuery } from "../../shell/QueryBoundary";
import type { SystemPageQuery } from "./__generated__/SystemPageQuery.graphql";

const ASK_EVERY = 10_000;
/** What runs every few seconds is due whenever one looks. */
const DUE = 10_000;

const VERDICTS: Record<string, { text: string; status: LabelProps["status"] }> = {
  GOOD: { text: "Nothing known against it", status: "success" },
  BAD: { text: "Must not be run", status: "danger" },
  UNKNOWN: { text: "Not known", status: "warning" },
};

const CIRCUITS: Record<string, { text: string; status: LabelProps["status"] }> = {
  CLOSED: { text: "Requests are sent", status: "success" },
  HALF_OPEN: { text: "The next request is a trial", status: "warning" },
  OPEN: { text: "No requests for some seconds, after several that failed", status: "danger" },
};

const OUTCOMES: Record<string, { text: string; status: LabelProps["status"] }> = {
  DONE: { text: "Done", status: "success" },
  WAITING: { text: "Waits for LiteLLM", status: "warning" },
  FAILED: { text: "Failed", status: "danger" },
};

const JOB_COLUMNS = ["Job", "Outcome", "Last run", "Count", "Next run"];

function State({ of, value }: { of: Record<string, { text: string; status: LabelProps["status"] }>; value: string }) {
  const look = of[value];
  return (
    <Label isCompact status={look?.status}>
      {look?.text ?? readable(value)}
    </Label>
  );
}

const query = graphql`
  query SystemPageQuery {
    admin {
      system {
        version
        databaseRevision
        liteLLM {
          reachable
          checkedAt
          version
          verdict
          verdictReason
          circuit
        }
        settlement {
          waiting
          failingSince
        }
        driftedKeys
        jobs {
          name
          startedAt
          outcome
          count
          nextAt
        }
      }
    }
  }
`;

function Loaded() {
  const { admin } = usePageQuery<SystemPageQuery>(query, {});
  useRefresh<SystemPageQuery>(query, {}, ASK_EVERY);

  const now = useNow();
  const { liteLLM, settlement, driftedKeys, jobs, version, databaseRevision } = admin.system;
  return (
    <Grid hasGutter>
      {liteLLM.verdict === "BAD" ? (
        <GridItem>
          <Alert isInline variant="danger" component="h2" title={`LiteLLM ${liteLLM.version} must not be run`}>
            {liteLLM.verdictReason}
          </Alert>
        </GridItem>
      ) : null}
      <GridItem lg={6}>
        <Card isFullHeight>
          <CardTitle component="h2">LiteLLM</CardTitle>
          <CardBody>
            <DescriptionList columnModifier={{ default: "1Col", sm: "2Col" }}>
              <Fact name="Answers">
                <Label isCompact status={liteLLM.reachable ? "success" : "danger"}>
                  {liteLLM.reachable ? "Yes" : "No"}
                </Label>
              </Fact>
              <Fact name="Last asked">{liteLLM.checkedAt ? <RelativeTime at={liteLLM.checkedAt} /> : "Never"}</Fact>
              <Fact name="Version">{liteLLM.version ?? "Not told"}</Fact>
              <Fact name="This version">
                <State of={VERDICTS} value={liteLLM.verdict} />
                {liteLLM.verdictReason ? <div>{liteLLM.verdictReason}</div> : null}
              </Fact>
              <Fact name="Circuit breaker">
                <State of={CIRCUITS} value={liteLLM.circuit} />
              </Fact>
            </DescriptionList>
          </CardBody>
        </Card>
      </GridItem>
      <GridItem lg={6}>
        <Card isFullHeight>
          <CardTitle component="h2">Keys in LiteLLM</CardTitle>
          <CardBody>
            <DescriptionList columnModifier={{ default: "1Col", sm: "2Col" }}>
              <Fact name="Not confirmed yet">
                {settlement.waiting === 0 ? "All is confirmed" : `${formatCount(settlement.waiting)} secrets`}
              </Fact>
              <Fact name="Failing since">
                {settlement.failingSince ? <RelativeTime at={settlement.failingSince} /> : "Nothing fails"}
              </Fact>
              <Fact name="Changed in LiteLLM itself">
                {driftedKeys === 0 ? (
                  "None"
                ) : (
                  <Link to="/admin/keys?drifted=1">{driftedKeys === 1 ? "1 key" : `${formatCount(driftedKeys)} keys`}</Link>
                )}
              </Fact>
            </DescriptionList>
          </CardBody>
        </Card>
      </GridItem>
      <GridItem>
        <Card>
          <CardTitle component="h2">LiteMaaS</CardTitle>
          <CardBody>
            <DescriptionList columnModifier={{ default: "1Col", sm: "2Col" }}>
              <Fact name="Version">{version}</Fact>
              <Fact name="Database">{databaseRevision ? `Revision ${databaseRevision}` : "Not known"}</Fact>
            </DescriptionList>
          </CardBody>
          <CardBody>
            {jobs.length === 0 ? (
              <Content component="p">No job has run yet.</Content>
            ) : (
              <Table aria-label="Jobs" variant="compact" gridBreakPoint="grid-md">
                <Thead>
                  <Tr>
                    {JOB_COLUMNS.map((column) => (
                      <Th key={column}>{column}</Th>
                    ))}
                  </Tr>
                </Thead>
                <Tbody>
                  {jobs.map(({ name, outcome, startedAt, count, nextAt }) => (
                    <Tr key={name}>
                      <Td dataLabel="Job">
                        <code>{name}</code>
                      </Td>
                      <Td dataLabel="Outcome">
                        <div>
                          <State of={OUTCOMES} value={outcome} />
                        </div>
                      </Td>
                      <Td dataLabel="Last run">
                        <RelativeTime at={startedAt} />
                      </Td>
                      <Td dataLabel="Count">{count == null ? "–" : formatCount(count)}</Td>
                      <Td dataLabel="Next run">
                        {Date.parse(nextAt) <= now + DUE ? "due" : <RelativeTime at={nextAt} />}
                      </Td>
                    </Tr>
                  ))}
                </Tbody>
              </Table>
            )}
          </CardBody>
        </Card>
      </GridItem>
    </Grid>
  );
}

/** How this installation is: LiteLLM, what is on its way to it, and LiteMaaS's own jobs. */
export function SystemPage() {
  return (
    <>
      <PageHeading title="System" description="LiteLLM, what is on its way to it, and LiteMaaS’s own jobs." />
      <PageSection isFilled>
        <QueryBoundary skeleton={<Skeleton height="24rem" screenreaderText="Loading the state of the system" />}>
          <Loaded />
        </QueryBoundary>
      </PageSection>
    </>
  );
}
