namespace ExecutionManager.Domain;

/// <summary>Compares what was executed with what was planned.</summary>
public static class Alignment
{
    // Costs are counted in whole numbers: a step is worth 2, an idempotent one 1, times a weight below which the number
    // of matches decides between alignments of equal cost.
    private const int Weight = 1 << 16;

    /// <summary>
    /// The cheapest alignment of the executed steps, in order, with the best prefix of the plan, or with all of it once
    /// completed. Among equally cheap ones, the one that matches most.
    /// </summary>
    public static AlignmentResult Align(IReadOnlyList<FlowStep> executed, IReadOnlyList<FlowStep> plan, bool completed)
    {
        var cheapest = Table(executed, plan);
        var end = completed ? plan.Count : Enumerable.Range(0, plan.Count + 1).MinBy(column => cheapest[executed.Count, column]);
        var (skipped, extra) = Trace(cheapest, executed, plan, end);
        var cost = (skipped.Sum(Cost) + extra.Sum(Cost)) / (2.0 * Weight);
        var worst = (executed.Sum(Cost) + (completed ? plan.Sum(Cost) : 0)) / (2.0 * Weight);
        return new(worst == 0 ? 1 : 1 - cost / worst, cost, [.. skipped.Select(step => step.ActionId)], [.. extra.Select(step => step.ActionId)]);
    }

    private static int Cost(FlowStep step) => step.Idempotent ? Weight : 2 * Weight;

    private static int[,] Table(IReadOnlyList<FlowStep> executed, IReadOnlyList<FlowStep> plan)
    {
        var table = new int[executed.Count + 1, plan.Count + 1];
        for (var row = 0; row <= executed.Count; row++)
        {
            for (var column = 0; column <= plan.Count; column++)
            {
                table[row, column] = (row, column) switch
                {
                    (0, 0) => 0,
                    (0, _) => table[0, column - 1] + Cost(plan[column - 1]),
                    (_, 0) => table[row - 1, 0] + Cost(executed[row - 1]),
                    _ => Math.Min(
                        Math.Min(table[row, column - 1] + Cost(plan[column - 1]), table[row - 1, column] + Cost(executed[row - 1])),
                        Matches(executed[row - 1], plan[column - 1]) ? table[row - 1, column - 1] - 1 : int.MaxValue),
                };
            }
        }
        return table;
    }

    private static (List<FlowStep> Skipped, List<FlowStep> Extra) Trace(
        int[,] table, IReadOnlyList<FlowStep> executed, IReadOnlyList<FlowStep> plan, int column)
    {
        var (skipped, extra) = (new List<FlowStep>(), new List<FlowStep>());
        for (var row = executed.Count; row > 0 || column > 0;)
        {
            if (row > 0 && column > 0 && Matches(executed[row - 1], plan[column - 1])
                && table[row, column] == table[row - 1, column - 1] - 1)
            {
                (row, column) = (row - 1, column - 1);
            }
            else if (column > 0 && table[row, column] == table[row, column - 1] + Cost(plan[column - 1]))
            {
                skipped.Add(plan[--column]);
            }
            else
            {
                extra.Add(executed[--row]);
            }
        }
        skipped.Reverse();
        extra.Reverse();
        return (skipped, extra);
    }

    private static bool Matches(FlowStep one, FlowStep other) => one.ActionId == other.ActionId;
}
