import { Alert, Button, Flex, FlexItem } from "@patternfly/react-core";
import { useState } from "react";

import { explain, toRequestError } from "../relay/errors";
import { formatCount } from "../lib/numbers";

interface LoadMoreProps {
  /** What `usePaginationFragment` says of the list. */
  list: {
    hasNext: boolean;
    isLoadingNext: boolean;
    loadNext: (count: number, options: { onComplete: (error: Error | null) => void }) => unknown;
  };
  /** How many are loaded at a time. */
  size: number;
  shown: number;
  /** Left out where counting all would take too long. */
  total?: number;
}

/** The end of a list that goes on. */
export function LoadMore({ list: { hasNext, isLoadingNext, loadNext }, size, shown, total }: LoadMoreProps) {
  const [error, setError] = useState<Error | null>(null);
  if (!hasNext) return null;
  return (
    <Flex
      direction={{ default: "column" }}
      alignItems={{ default: "alignItemsCenter" }}
      className="load-more"
    >
      {error ? (
        <FlexItem>
          <Alert isInline variant="danger" title={explain(toRequestError(error)).title} />
        </FlexItem>
      ) : null}
      <FlexItem>
        <Button
          variant="secondary"
          isLoading={isLoadingNext}
          isDisabled={isLoadingNext}
          onClick={() => loadNext(size, { onComplete: setError })}
        >
          {error ? "Try again" : "Show more"}
        </Button>
      </FlexItem>
      <FlexItem>
        {formatCount(shown)} {total === undefined ? "" : `of ${formatCount(total)} `}shown
      </FlexItem>
    </Flex>
  );
}
