using ExecutionManager.Domain;
using MassTransit;
using MassTransit.Scheduling;

namespace ExecutionManager.Sagas;

/// <summary>Arming, disarming and judging deadlines. One of a kind a contract; a newer one replaces the older.</summary>
public static class Deadlines
{
    public static readonly Uri ContractQueue = new("queue:contract");

    static Deadlines() => ScheduleTokenId.UseTokenId<DeadlineReached>(reached => reached.Token);

    public static EventActivityBinder<ContractState, T> Arm<T>(
        this EventActivityBinder<ContractState, T> binder, DeadlineKind kind, Func<ContractSettings, TimeSpan> after)
        where T : class =>
        binder.ThenAsync(context => context.ArmIn(kind, after(context.Work().Settings)));

    public static EventActivityBinder<ContractState, T> Disarm<T>(this EventActivityBinder<ContractState, T> binder, DeadlineKind kind)
        where T : class =>
        binder.ThenAsync(context => context.Disarm(kind));

    /// <summary>Judges a fired deadline: due only when its token is current. One that concludes from silence and is
    /// overdue because the workers were down is put off once, so that what waited is heard first.</summary>
    public static EventActivityBinder<ContractState, DeadlineReached> Judge(this EventActivityBinder<ContractState, DeadlineReached> binder) =>
        binder.ThenAsync(async context =>
        {
            var (saga, work, reached) = (context.Saga, context.Work(), context.Message);
            if (!saga.Deadlines.IsCurrent(reached))
            {
                return;
            }

            if (ConcludesFromSilence(reached.Kind) && !reached.PutOff && Waits.CallsForCatchUp(reached.DueAt, work.Now))
            {
                await context.ArmAt(reached.Kind, work.Now + work.Settings.CatchUp, putOff: true);
                return;
            }

            saga.Deadlines = saga.Deadlines.Without(reached.Kind);
            context.Findings().Add(Verdict.Due);
        });

    public static Task ArmIn(this BehaviorContext<ContractState> context, DeadlineKind kind, TimeSpan after) =>
        context.ArmAt(kind, context.Work().Now + after);

    public static async Task ArmAt(this BehaviorContext<ContractState> context, DeadlineKind kind, DateTimeOffset at, bool putOff = false)
    {
        await context.Disarm(kind);
        var (saga, token) = (context.Saga, context.Work().NewId());
        await context.ScheduleSend(ContractQueue, at.UtcDateTime, new DeadlineReached(saga.CorrelationId, kind, token, at, putOff));
        saga.Deadlines = saga.Deadlines.With(kind, new ArmedDeadline(token, at));
    }

    public static async Task Disarm(this BehaviorContext<ContractState> context, DeadlineKind kind)
    {
        if (context.Saga.Deadlines.Of(kind) is { } armed)
        {
            await context.GetPayload<MessageSchedulerContext>().CancelScheduledSend(ContractQueue, armed.Token);
            context.Saga.Deadlines = context.Saga.Deadlines.Without(kind);
        }
    }

    public static async Task DisarmAllBut(this BehaviorContext<ContractState> context, IReadOnlyList<DeadlineKind> kept)
    {
        foreach (var kind in context.Saga.Deadlines.ByKind.Keys.Except(kept).ToList())
        {
            await context.Disarm(kind);
        }
    }

    private static bool ConcludesFromSilence(DeadlineKind kind) =>
        kind is DeadlineKind.Push or DeadlineKind.Accept or DeadlineKind.OfflineUntil or DeadlineKind.Actuals or DeadlineKind.Stall;
}
