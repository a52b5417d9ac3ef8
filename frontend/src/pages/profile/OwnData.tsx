import { Button, Card, CardBody, CardTitle, Content, Flex } from "@patternfly/react-core";
import { DownloadIcon } from "@patternfly/react-icons";
import { useState } from "react";

import { EraseMeDialog } from "./EraseMeDialog";

/** What the reader may have done with all that is known about them. */
export function OwnData({ username }: { username: string }) {
  const [isErasing, setErasing] = useState(false);
  return (
    <Card>
      <CardTitle component="h2">Your data</CardTitle>
      <CardBody>
        <Content component="p">
          The download has all that is kept about you, as JSON: your profile, sessions and access tokens, keys and subscriptions with
          their histories, every call with its tokens and cost, notifications, and what the record says of you. What you say to models,
          and what they answer, is kept nowhere.
        </Content>
        <Flex columnGap={{ default: "columnGapSm" }} rowGap={{ default: "rowGapSm" }}>
          <Button component="a" href="/exports/me" download variant="secondary" icon={<DownloadIcon />}>
            Download my data
          </Button>
          <Button variant="secondary" isDanger onClick={() => setErasing(true)}>
            Erase me
          </Button>
        </Flex>
      </CardBody>
      {isErasing ? <EraseMeDialog username={username} onClose={() => setErasing(false)} /> : null}
    </Card>
  );
}
